//! Files of other programs, as they come.
#![allow(clippy::unwrap_used)]

use super::columns::{Columns, Kind, Told};
use super::sheet::Sheet;
use super::{Fact, Mapping};
use proptest::prelude::*;

fn told(columns: &[&str]) -> Told {
    let mut told = Told { currency: Some("USD".to_owned()), ..Told::default() };
    columns.iter().for_each(|words| told.add(words).unwrap());
    told
}

fn mapping(kind: Kind, sheet: &Sheet, told: &Told) -> Result<Mapping, String> {
    let columns = Columns::find(kind, &sheet.columns, told).map_err(|error| error.to_string())?;
    Mapping::new(kind, &sheet.columns, columns, told).map_err(|error| error.to_string())
}

/// Each row by its line: an order's number, a customer's addresses, `passed`, or why not.
fn rows(kind: Kind, sheet: Sheet, told: &Told) -> Vec<(u64, String)> {
    let mapping = mapping(kind, &sheet, told).unwrap();
    let (rows, mut before) = (sheet.rows.into_iter(), Default::default());
    rows.map(|row| {
        let line = row.line;
        let said = match mapping.fact(row, &mut before) {
            Ok(Fact::Order(order)) => format!("{} {} {}", order.number, order.total, order.whose.emails.join("+")),
            Ok(Fact::Customer(customer)) => {
                let whose = &customer.whose;
                format!("{}; {}; {}; {:?}", whose.name, whose.emails.join("+"), whose.phones.join("+"), customer.tags)
            }
            Ok(Fact::Rating(rating)) => format!("{} of {}-{}", rating.value, rating.from, rating.of),
            Ok(Fact::Passed) => "passed".to_owned(),
            Err(why) => why,
        };
        (line, said)
    })
    .collect()
}

#[test]
fn a_shops_export_is_read_with_its_further_items_and_bad_rows() {
    // As Shopify writes it: items of one order in rows of their own, and a spreadsheet program in between.
    let csv = "\u{feff}Name;Email;Created at;Currency;Total;Note\r\n\
        #1001;ana@a.example;2026-11-01 10:30:00 +0100;EUR;1.234,50;\"two\r\nlines\"\r\n\
        #1001;ana@a.example;;;;\r\n\
        #1001;ana@a.example;2026-11-01 10:30:00 +0100;EUR;;\r\n\
        #1001;bo@b.example;;EUR;;\r\n\
        \r\n\
        #1002;bo@b.example;03/04/2026;EUR;5,00;\r\n\
        #1003;bo@b.example;2026-11-02;EUR;1.234;\r\n\
        #1004;bo@b.example;2026-11-02;EURO;1;\r\n\
        #1005;bo@b.example\r\n";
    let found = rows(Kind::Orders, Sheet::of_csv(csv.as_bytes()).unwrap(), &Told::default());
    let lines: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 4, 5, 6, 8, 9, 10, 11]);
    assert_eq!(found[0].1, "#1001 €1,234.50 ana@a.example");
    assert_eq!((found[1].1.as_str(), found[2].1.as_str()), ("passed", "passed"));
    assert!(found[3].1.contains("it has no amount"), "of another customer: {:?}", found[3]);
    assert!(found[4].1.contains("one day or another"), "{:?}", found[4]);
    assert!(found[5].1.contains("1234 or 1.234"), "{:?}", found[5]);
    assert!(found[6].1.contains("is no currency"), "{:?}", found[6]);
    assert!(found[7].1.contains("2 columns, the first line 6"), "{:?}", found[7]);
}

#[test]
fn what_was_paid_back_is_taken_off_and_names_come_with_addresses() {
    let csv = "Name,Email,Created at,Total,Refunded Amount,Financial Status\n\
        #1,Ana Silva <ana@a.example>,2026-11-01,20.00,5.00,partially_refunded\n\
        #2,ana@a.example,2026-11-01,20.00,-20.00,paid\n\
        #3,ana@a.example,2026-11-01,-7.00,,\n\
        #4,ana@a.example,2026-11-01,7.00,some,\n";
    let told = told(&[]);
    let sheet = Sheet::of_csv(csv.as_bytes()).unwrap();
    let mapping = mapping(Kind::Orders, &sheet, &told).unwrap();
    let read = |row: super::sheet::Row| row.cells.and_then(|cells| mapping.understand(row.line, &cells));
    let mut found = Vec::new();
    for row in sheet.rows {
        match read(row) {
            Ok(Fact::Order(order)) => {
                found.push(format!("{} {} {} {}", order.number, order.total, order.status, order.whose.name));
            }
            Err(why) => found.push(why),
            Ok(_) => unreachable!("orders alone"),
        }
    }
    assert_eq!(found[..2], ["#1 $15 partially_refunded Ana Silva", "#2 $0 refunded "]);
    assert!(found[2].starts_with("#3 -$7 "), "{}", found[2]);
    assert!(found[3].contains("\"some\""), "{}", found[3]);
}

#[test]
fn columns_are_guessed_or_told_and_what_is_missing_is_said_with_what_is_there() {
    let sheet = |head: &str| Sheet::of_csv(format!("{head}\n").as_bytes()).unwrap();
    let guessed = mapping(Kind::Orders, &sheet("Order ID,Order Date,E-Mail,Total Amount"), &told(&[])).unwrap();
    assert!(guessed.columns.has("id") && guessed.columns.has("email") && guessed.columns.has("total"));
    let missing = mapping(Kind::Orders, &sheet("Beleg,Datum,Betrag,E-Mail"), &told(&[])).err().unwrap();
    assert!(missing.contains("id, date, total") && missing.contains("\"Beleg\", \"Datum\""), "{missing}");
    let words = ["id=Beleg", "date=datum", "total=Betrag"];
    assert!(mapping(Kind::Orders, &sheet("Beleg,Datum,Betrag,E-Mail"), &told(&words)).is_ok());
    let none = mapping(Kind::Orders, &sheet("id,date,total,email"), &Told::default()).err().unwrap();
    assert!(none.contains("--currency USD"), "{none}");
    let nobody = mapping(Kind::Orders, &sheet("id,date,total,colour"), &told(&[])).err().unwrap();
    assert!(nobody.contains("whose a row is"), "{nobody}");
    let wrong = mapping(Kind::Orders, &sheet("id,date,total,email"), &told(&["colour=id"])).err().unwrap();
    assert!(wrong.contains("\"colour\" is nothing a column can be"), "{wrong}");
    let absent = mapping(Kind::Orders, &sheet("id,date,total,email"), &told(&["id=Nummer"])).err().unwrap();
    assert!(absent.contains("there is no column \"Nummer\""), "{absent}");
    // Yes or no, and the state of an address, are no amounts and no statuses.
    let address = sheet("id,date,total,email,refunded,refund,state");
    let plain = mapping(Kind::Orders, &address, &told(&[])).unwrap();
    assert!(!plain.columns.has("refunded") && !plain.columns.has("status"), "{:?}", plain.columns);
    let said = mapping(Kind::Orders, &address, &told(&["refunded=refund", "status=state"])).unwrap();
    assert!(said.columns.has("refunded") && said.columns.has("status"), "{:?}", said.columns);
    let twice = mapping(Kind::Orders, &sheet("id,date,total,email,Total"), &told(&[])).err().unwrap();
    assert!(twice.contains("two columns are named"), "{twice}");
}

#[test]
fn vcards_are_unfolded_and_each_card_is_a_row() {
    let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana Sil\r\n va\r\nitem1.EMAIL;TYPE=work:ana@work.example\r\n\
        EMAIL;PREF=1:ana@a.example\r\nTEL;VALUE=uri;TYPE=\"voice,home\":tel:+49-151-12345678;ext=1\r\n\
        ORG:Shop\\; Sons;Sales\r\nCATEGORIES:vip,a\\,b\r\nPHOTO;ENCODING=b:AAAA\r\n AAAA\r\nEND:VCARD\r\n\
        BEGIN:VCARD\nVERSION:2.1\nN:Bo;Lin\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nN:Li;Wei;;;\nEMAIL:wei@w.example\n";
    let found = rows(Kind::Customers, Sheet::of_vcards(text.as_bytes()).unwrap(), &Told::default());
    assert_eq!(
        found[0],
        (1, "Ana Silva; ana@a.example+ana@work.example; +49-151-12345678; [\"vip\", \"a\", \"b\"]".to_owned())
    );
    assert!(found[1].1.contains("version \"2.1\""), "{:?}", found[1]);
    assert!(found[2].1.contains("no END:VCARD"), "{:?}", found[2]);
    assert_eq!(found.len(), 3);
}

#[test]
fn json_comes_as_a_list_as_lines_or_inside_an_object() {
    let list = r#"[{"email":"ana@a.example","name":"Ana","tags":["vip","b2b"],"more":{"deep":[1]}}]"#;
    let inside = format!(r#"{{"page":1,"customers":{list}}}"#);
    let lines = "{\"email\":\"ana@a.example\",\"name\":\"Ana\",\"tags\":\"vip;b2b\"}\n\nnot json\n[1]\n";
    let expected = "Ana; ana@a.example; ; [\"vip\", \"b2b\"]";
    for text in [list, &inside] {
        let found = rows(Kind::Customers, Sheet::of_json(text.as_bytes()).unwrap(), &Told::default());
        assert_eq!(found, [(1, expected.to_owned())]);
    }
    let found = rows(Kind::Customers, Sheet::of_json(lines.as_bytes()).unwrap(), &Told::default());
    assert_eq!((found[0].0, found[0].1.as_str(), found[1].0, found[2].0), (1, expected, 3, 4));
    assert!(Sheet::of_json(b"no").is_err() && Sheet::of_json(b"7").is_err());
    assert!(Sheet::of_json("[".repeat(100_000).as_bytes()).is_err(), "depth is bounded");
}

#[test]
fn ratings_need_to_know_how_many_there_are_to_give() {
    let csv =
        "email,date,rating\nana@a.example,2026-11-01,4\nana@a.example,2026-11-01,4/10\nana@a.example,2026-11-01,good\n";
    let sheet = || Sheet::of_csv(csv.as_bytes()).unwrap();
    assert!(rows(Kind::Ratings, sheet(), &Told::default())[0].1.contains("--scale 1-5"));
    let told = Told { scale: Some("1-5".to_owned()), ..Told::default() };
    let found = rows(Kind::Ratings, sheet(), &told);
    assert_eq!((found[0].1.as_str(), found[1].1.as_str()), ("4 of 1-5", "4 of 1-10"));
    assert!(found[2].1.contains("no rating"), "{:?}", found[2]);
}

#[test]
fn hostile_files_are_refused_or_read_within_bounds() {
    assert!(Sheet::of_csv(b"\xff\xfea\0").err().unwrap().contains("UTF-16"));
    assert!(Sheet::of_csv(b"").is_err());
    let wide = format!("{}\n", "a,".repeat(2_000));
    assert!(Sheet::of_csv(wide.as_bytes()).err().unwrap().contains("columns"));
    let unclosed = format!("id,email\n1,\"{}", "x".repeat(2 << 20));
    let sheet = Sheet::of_csv(unclosed.as_bytes()).unwrap();
    assert!(sheet.rows[0].cells.as_ref().err().unwrap().contains("a quote may be missing"));
    let sheet = Sheet::of_csv(b"id,email\n1,\xc3\x28\n2,ana@a.example\n").unwrap();
    assert!(sheet.rows[0].cells.is_err() && sheet.rows[1].cells.is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_rows_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "(BEGIN:VCARD|END:VCARD|\\PC|[\r\n :;,\\\\\"]){0,60}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            for sheet in [Sheet::of_csv(bytes), Sheet::of_json(bytes), Sheet::of_vcards(bytes)].into_iter().flatten() {
                let columns = sheet.columns.len();
                prop_assert!(sheet.rows.iter().filter_map(|row| row.cells.as_ref().ok()).all(|cells| cells.len() == columns));
            }
        }
    }
}
