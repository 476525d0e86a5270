//! Which column of a file is what: by the names people give them, or as they are told.

use anyhow::Context;
use std::collections::BTreeMap;
use std::path::Path;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Orders,
    Customers,
    Ratings,
}

/// What a column can be, and the names it goes by: letters and digits alone, the plainest first.
type Spellings = &'static [(&'static str, &'static [&'static str])];

const WHO: Spellings = &[
    (
        "email",
        &[
            "email",
            "emailaddress",
            "mail",
            "customeremail",
            "emailbilling",
            "billingemail",
            "contactemail",
            "buyeremail",
            "emails",
        ],
    ),
    (
        "phone",
        &[
            "phone",
            "phonenumber",
            "telephone",
            "tel",
            "mobile",
            "mobilephone",
            "customerphone",
            "phonebilling",
            "billingphone",
            "phones",
        ],
    ),
    (
        "key",
        &[
            "customerid",
            "customerkey",
            "customernumber",
            "customerno",
            "clientid",
            "contactid",
            "accountid",
            "userid",
            "crmid",
        ],
    ),
];

const ORDERS: Spellings = &[
    (
        "id",
        &[
            "orderid",
            "ordernumber",
            "orderno",
            "order",
            "ordername",
            "orderreference",
            "invoicenumber",
            "invoiceno",
            "invoiceid",
            "id",
            "number",
            "name",
        ],
    ),
    (
        "date",
        &[
            "orderdate",
            "date",
            "createdat",
            "created",
            "orderedat",
            "placedat",
            "paidat",
            "processedat",
            "datecreated",
            "invoicedate",
            "timestamp",
        ],
    ),
    (
        "total",
        &[
            "total",
            "ordertotal",
            "totalamount",
            "amount",
            "ordertotalamount",
            "totalprice",
            "grandtotal",
            "amountpaid",
            "price",
            "revenue",
            "value",
        ],
    ),
    ("currency", &["currency", "currencycode", "ordercurrency"]),
    // "state" is as often the one of an address: it has to be told.
    ("status", &["orderstatus", "financialstatus", "paymentstatus", "status", "orderstate"]),
    // "refunded" and "refund" hold yes and no as often as amounts: they have to be told.
    ("refunded", &["refundedamount", "amountrefunded", "refundamount", "totalrefunded", "ordertotalrefunded"]),
    ("name", &["customername", "billingname", "fullname", "customer", "buyername", "buyer"]),
];

const CUSTOMERS: Spellings = &[
    ("name", &["name", "fullname", "displayname", "customername", "contactname", "customer"]),
    ("first", &["first", "firstname", "givenname", "forename"]),
    ("last", &["last", "lastname", "familyname", "surname"]),
    ("key", &["id", "key"]),
    ("company", &["company", "companyname", "organization", "organisation", "org", "account", "accountname"]),
    ("plan", &["plan", "tier", "plantier", "subscription", "subscriptionplan", "package"]),
    ("tags", &["tags", "tag", "labels", "categories", "groups"]),
    ("language", &["language", "lang", "locale", "preferredlanguage"]),
    (
        "since",
        &[
            "since",
            "customersince",
            "createdat",
            "created",
            "datecreated",
            "signupdate",
            "signedupat",
            "joined",
            "registeredat",
        ],
    ),
];

const RATINGS: Spellings = &[
    ("date", &["date", "createdat", "created", "ratedat", "answeredat", "respondedat", "submittedat", "timestamp"]),
    (
        "value",
        &[
            "rating",
            "score",
            "csat",
            "csatscore",
            "satisfaction",
            "satisfactionrating",
            "nps",
            "stars",
            "value",
            "answer",
        ],
    ),
    ("of", &["of", "outof", "max", "maximum", "scale", "ratingscale", "best"]),
    ("comment", &["comment", "comments", "feedback", "text", "remark", "note"]),
    ("name", &["customername", "name", "fullname", "customer"]),
];

impl Kind {
    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Kind> {
        Some(match word {
            "orders" => Kind::Orders,
            "customers" => Kind::Customers,
            "ratings" => Kind::Ratings,
            _ => return None,
        })
    }

    fn own(self) -> Spellings {
        match self {
            Kind::Orders => ORDERS,
            Kind::Customers => CUSTOMERS,
            Kind::Ratings => RATINGS,
        }
    }

    /// Everything a column of such a file can be.
    fn fields(self) -> Vec<&'static str> {
        let mut fields: Vec<&str> = WHO.iter().chain(self.own()).map(|(field, _)| *field).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }
}

/// What is said about a file besides its rows: by options, or by a file.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Told {
    /// Column by what it is: `id = "Order no."`; `field:NAME` for a field of the profile.
    pub columns: BTreeMap<String, String>,
    /// The currency of all amounts, where no column says it.
    pub currency: Option<String>,
    /// The shop the order numbers are of.
    pub shop: Option<String>,
    /// The worst and the best rating there is to give, where no column says it: `1-5`.
    pub scale: Option<String>,
}

impl Told {
    /// Reads a map file.
    pub fn load(path: &Path) -> anyhow::Result<Told> {
        const MOST: u64 = 1 << 20;
        let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
        anyhow::ensure!(size <= MOST, "{} is no map: it is larger than 1 MB", path.display());
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| {
            format!(
                "{} is no map; it reads `currency = \"EUR\"`, then `[columns]` and lines like `id = \"Order no.\"`",
                path.display()
            )
        })
    }

    /// Adds `FIELD=COLUMN` of an option.
    pub fn add(&mut self, words: &str) -> anyhow::Result<()> {
        let (field, column) = words
            .split_once('=')
            .with_context(|| format!("--column {words}: write FIELD=COLUMN, as in --column id=\"Order no.\""))?;
        self.columns.insert(field.trim().to_owned(), column.trim().to_owned());
        Ok(())
    }
}

/// Which column of a file is what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    places: BTreeMap<&'static str, usize>,
    /// Columns that become fields of the profile, by name.
    pub fields: Vec<(String, usize)>,
    /// Columns nobody uses.
    pub unused: Vec<String>,
}

/// A name with its letters and digits alone.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Columns {
    /// Finds what each column is: as told, else by its name.
    ///
    /// # Errors
    /// When a column that was told is not there, or two go by the same name.
    pub fn find(kind: Kind, columns: &[String], told: &Told) -> anyhow::Result<Columns> {
        let mut found = Columns::default();
        let plains: Vec<String> = columns.iter().map(|name| plain(name)).collect();
        let fields = kind.fields();
        let mut used = vec![false; columns.len()];
        for (field, column) in &told.columns {
            let exact = columns.iter().position(|name| name == column);
            let place = exact.or_else(|| plains.iter().position(|name| !name.is_empty() && *name == plain(column)));
            let place =
                place.with_context(|| format!("there is no column \"{column}\"; the file has: {}", listed(columns)))?;
            used[place] = true;
            if let Some(name) = field.strip_prefix("field:").filter(|_| kind == Kind::Customers) {
                found.fields.push((name.trim().to_owned(), place));
                continue;
            }
            let field = fields.iter().find(|known| *known == field);
            let field = field.with_context(|| {
                let more = if kind == Kind::Customers { ", field:NAME" } else { "" };
                format!(
                    "\"{}\" is nothing a column can be; it can be: {}{more}",
                    told_field(&told.columns, column),
                    fields.join(", ")
                )
            })?;
            found.places.insert(field, place);
        }
        for (field, spellings) in kind.own().iter().chain(WHO) {
            if found.places.contains_key(field) {
                continue;
            }
            for spelling in *spellings {
                let mut like = (0..columns.len()).filter(|at| !used[*at] && plains[*at] == *spelling);
                let Some(place) = like.next() else { continue };
                anyhow::ensure!(
                    like.next().is_none(),
                    "two columns are named \"{}\"; rename one, or say which is what with --column {field}=COLUMN",
                    columns[place]
                );
                used[place] = true;
                found.places.insert(field, place);
                break;
            }
        }
        let unused = columns.iter().zip(&used).filter(|(name, used)| !**used && !name.is_empty());
        found.unused = unused.map(|(name, _)| name.clone()).collect();
        Ok(found)
    }

    /// Fails when what a file cannot do without is not there: the columns found, and how to say it.
    pub fn require(&self, needed: &[&str], columns: &[String]) -> anyhow::Result<()> {
        let missing: Vec<&str> = needed.iter().copied().filter(|field| !self.has(field)).collect();
        if let Some(first) = missing.first() {
            anyhow::bail!(
                "no column is known to be: {}. The file has: {}. Say which is what: --column {first}=\"{}\"",
                missing.join(", "),
                listed(columns),
                columns.iter().find(|name| !name.is_empty()).map_or("COLUMN", String::as_str)
            );
        }
        let who = ["email", "phone", "key"];
        anyhow::ensure!(
            who.iter().any(|field| self.has(field)),
            "no column says whose a row is: email, phone or key. The file has: {}. Say which is what: --column email=COLUMN",
            listed(columns)
        );
        Ok(())
    }

    /// True when a column is this.
    pub fn has(&self, field: &str) -> bool {
        self.places.contains_key(field)
    }

    /// The cell of a row that is this; empty when there is none.
    pub fn cell<'a>(&self, row: &'a [String], field: &str) -> &'a str {
        self.places.get(field).and_then(|at| row.get(*at)).map_or("", String::as_str).trim()
    }

    /// What was found, by what it is.
    pub fn named<'a>(&self, columns: &'a [String]) -> BTreeMap<&'static str, &'a str> {
        self.places.iter().filter_map(|(field, at)| Some((*field, columns.get(*at)?.as_str()))).collect()
    }
}

fn told_field<'a>(told: &'a BTreeMap<String, String>, column: &str) -> &'a str {
    told.iter().find(|(_, name)| *name == column).map_or("", |(field, _)| field)
}

fn listed(columns: &[String]) -> String {
    const SHOWN: usize = 30;
    let named = columns.iter().filter(|name| !name.is_empty());
    let mut words: Vec<String> = named.take(SHOWN).map(|name| format!("\"{name}\"")).collect();
    if columns.len() > SHOWN {
        words.push(format!("and {} more", columns.len() - SHOWN));
    }
    words.join(", ")
}
