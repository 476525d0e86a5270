//! The customer's profile: name, standing remark, language, fields, and whether somebody has looked.

use super::{Desk, DeskError};
use crate::identity;
use crate::model::{Act, Acted, Customer, CustomerId, Event, EventKind, ProfileEdit, clean_block, clean_line};

const MAX_FIELDS: usize = 100;
const MAX_NOTES: usize = 10_000;

impl Desk {
    pub(super) fn edit(&self, agent: &str, id: CustomerId, edit: ProfileEdit) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let mut customer = self.known(id)?;
        let (said, undo) = match edit {
            ProfileEdit::Name(name) => {
                let old = if customer.name_fixed { customer.name.clone() } else { String::new() };
                self.rename(&mut customer, &clean_line(&name))?;
                (format!("Name: {}.", customer.name), ProfileEdit::Name(old))
            }
            ProfileEdit::Notes(notes) => {
                if notes.chars().count() > MAX_NOTES {
                    return Err(DeskError::Refused(format!("the remark is longer than {MAX_NOTES} characters")));
                }
                let old = std::mem::replace(&mut customer.notes, clean_block(&notes));
                ("Remark kept.".to_owned(), ProfileEdit::Notes(old))
            }
            ProfileEdit::Language(language) => {
                let old = if customer.language_fixed { customer.language.clone() } else { None };
                let language = language.trim().to_lowercase();
                let is_code = language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
                if !language.is_empty() && !is_code {
                    return Err(DeskError::Refused(
                        "a language is its two-letter code (ISO 639-1): en, zh, es …".to_owned(),
                    ));
                }
                customer.language_fixed = !language.is_empty();
                customer.language = customer.language_fixed.then_some(language);
                let said = format!("Language: {}.", customer.language.as_deref().unwrap_or("as they write"));
                (said, ProfileEdit::Language(old.unwrap_or_default()))
            }
            ProfileEdit::Field(name, value) => {
                let (name, value) = (clean_line(&name), clean_line(&value));
                if name.is_empty() {
                    return Err(DeskError::Refused("a field needs a name".to_owned()));
                }
                let old = if value.is_empty() {
                    customer.fields.remove(&name)
                } else {
                    customer.fields.insert(name.clone(), value.clone())
                };
                if customer.fields.len() > MAX_FIELDS {
                    return Err(DeskError::Refused(format!("a customer has at most {MAX_FIELDS} fields")));
                }
                let said = if value.is_empty() { format!("{name} removed.") } else { format!("{name}: {value}.") };
                (said, ProfileEdit::Field(name, old.unwrap_or_default()))
            }
        };
        self.put_profile(agent, &customer, said.clone())?;
        Ok(Acted { said, undo: vec![Act::Edit(id, undo)], customer: Some(id), ..Acted::default() })
    }

    fn rename(&self, customer: &mut Customer, name: &str) -> Result<(), DeskError> {
        customer.name_fixed = !name.is_empty();
        if customer.name_fixed {
            customer.name = name.to_owned();
            return Ok(());
        }
        customer.name = customer.address.clone();
        for id in &customer.identities {
            if let Some(known) = self.store.identity(*id)? {
                customer.name = identity::better_name(&customer.name, &known.name, &customer.address).to_owned();
            }
        }
        Ok(())
    }

    pub(super) fn mark_read(&self, agent: &str, id: CustomerId) -> Result<Acted, DeskError> {
        self.set_unread(agent, id, 0)
    }

    pub(super) fn mark_unread(&self, agent: &str, id: CustomerId) -> Result<Acted, DeskError> {
        self.set_unread(agent, id, 1)
    }

    fn set_unread(&self, agent: &str, id: CustomerId, unread: u32) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let mut customer = self.known(id)?;
        if (customer.unread == 0) != (unread == 0) {
            customer.read_all();
            customer.unread = unread;
            let mut transaction = self.store.begin();
            transaction.put_customer(&customer)?;
            let mut event = Event::new(EventKind::Read, self.now(), agent);
            event.customers = vec![id];
            event.summary = if unread == 0 { "read" } else { "unread" }.to_owned();
            self.commit(transaction, event)?;
        }
        let said = if unread == 0 { String::new() } else { "Unread again.".to_owned() };
        Ok(Acted { said, customer: Some(id), ..Acted::default() })
    }

    pub(super) fn put_profile(&self, agent: &str, customer: &Customer, summary: String) -> Result<(), DeskError> {
        let mut transaction = self.store.begin();
        transaction.put_customer(customer)?;
        let mut event = Event::new(EventKind::Profile, self.now(), agent);
        event.customers = vec![customer.id];
        event.summary = summary;
        self.commit(transaction, event)
    }
}
