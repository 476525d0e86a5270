#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn every_shipped_file_is_right_and_has_its_row() {
    for shipped in SHIPPED {
        let file = ConnectorFile::read(&format!("{}.toml", shipped.name), shipped.text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(file.name(), shipped.name);
        let kind = crate::connector::kind(shipped.name).unwrap_or_else(|| panic!("{} is not in CONNECTORS", shipped.name));
        assert_eq!(kind.doc, file.doc(), "{}", shipped.name);
        assert!(file.help().contains("[[account]]"));
    }
}
