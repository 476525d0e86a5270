#!/bin/sh
# Makes the shipped weights anew: `make.sh PROGRAM DATA`, where DATA holds the sets that README.md names. Two runs give the same bytes.
set -eu
program=$1
data=$2
here=$(cd "$(dirname "$0")" && pwd)
reviews="vader_tweets vader_amazon vader_nyt vader_movie tas_amazon tas_imdb tas_yelp"
seven="xlmt_arabic xlmt_french xlmt_german xlmt_hindi xlmt_italian xlmt_portuguese xlmt_spanish"
asks="clinc150 banking77"
talks="multidogo_airline multidogo_fastfood multidogo_finance multidogo_insurance multidogo_media multidogo_software"

files() {
    for set in "$@"; do
        printf '%s/%s.jsonl\n' "$data" "$set"
    done
}

# The names of sets hold no spaces; the folder of the data must not either.
# shellcheck disable=SC2046,SC2086
{
    $program score train --model english --data $(files $reviews xlmt_english) --out "$here/english.weights" \
        --weight vader_movie=0.5 --weight xlmt_english=2 --weight tas_amazon=3 --weight tas_imdb=3 --weight tas_yelp=3
    $program score train --model chinese --data $(files zh_snow) --out "$here/chinese.weights"
    $program score train --model multilingual --data $(files $seven xlmt_english) --out "$here/multilingual.weights"
    $program score train --model language --data $(files $seven $reviews xlmt_english $asks $talks) \
        "$here/../data/languages-ours.jsonl" "$here/../data/languages-other.txt" --out "$here/language.weights" \
        --weight languages-ours=10 --weight languages-other=10 \
        --weight clinc150=0.3 --weight banking77=0.3 --weight multidogo_airline=0.1 --weight multidogo_fastfood=0.1 \
        --weight multidogo_finance=0.1 --weight multidogo_insurance=0.1 --weight multidogo_media=0.1 \
        --weight multidogo_software=0.1
    $program score train --model need --data $(files banking77 clinc150 $talks) \
        --out "$here/../../intent/shipped/need.weights"
}
