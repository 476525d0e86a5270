//! `[auth]`: how calls say who we are, and where tokens come from.

use super::{Reading, Scope};
use crate::connector::declared::sheet::Table;
use crate::connector::declared::spec::{Auth, BodyShape, CallProof, Placement, Refresh};
use crate::connector::declared::template::Template;

impl<'s, 't> Reading<'s, 't> {
    /// A URL whose host may hold settings.
    pub fn origin(&self, table: &Table<'_, '_>, key: &'static str, url: &str) {
        if url.is_empty() {
            return;
        }
        let Some(template) = self.template(table, key, url, &self.account) else { return };
        let host = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
        if template.holes().any(|hole| !host.contains(&format!("{{{}}}", hole.name))) {
            table.wrong(key, "a placeholder can only be a part of the host: https://{account.desk}.example.com");
        }
        let filled = template.path(&|_: &str| Some(serde_json::Value::String("x".to_owned()))).unwrap_or_default();
        if let Err(why) = crate::connector::http::Http::new(&filled, false, None) {
            table.wrong(key, why);
        }
    }

    /// `[auth]`, or several of them: the first whose secrets the account names is taken.
    pub fn auths(&mut self, root: &Table<'_, 't>) -> Vec<Auth> {
        let tables = match root.value("auth").map(|value| value.get_ref().is_array()) {
            None => Vec::new(),
            Some(true) => root.tables("auth"),
            Some(false) => root.table("auth").into_iter().collect(),
        };
        let mut auths: Vec<Auth> = tables.into_iter().map(|table| self.auth(table)).collect();
        if auths.is_empty() {
            auths.push(Auth { secrets: Vec::new(), placement: Placement::None, proof: None, refresh: None });
        }
        auths
    }

    fn auth(&mut self, table: Table<'_, 't>) -> Auth {
        let refresh = table.table("refresh").and_then(|below| self.refresh(below));
        let scope = match &refresh {
            Some(_) => self.secret_scope().with(&["token"]),
            None => self.secret_scope(),
        };
        let proof = table.table("proof").and_then(|below| self.call_proof(below, &scope));
        let of = |key: &'static str, otherwise: Option<&str>| {
            let text = match otherwise {
                Some(otherwise) => table.text(key).unwrap_or_else(|| otherwise.to_owned()),
                None => table.must(key),
            };
            let template = self.template(&table, key, &text, &scope);
            if let Some(template) = &template {
                self.no_secret(&table, key, template, super::is_written_out(template));
            }
            template
        };
        let nothing = || Template::read("").ok();
        let token = if refresh.is_some() { "{token}" } else { "{secret.token}" };
        let kind = table.must("type");
        let placement = match kind.as_str() {
            "none" => Some(Placement::None),
            "bearer" | "oauth2" => {
                if kind == "oauth2" && refresh.is_none() {
                    table.wrong("type", "oauth2 needs [auth.refresh]");
                }
                let words = format!("Bearer {token}");
                of("value", Some(&words)).map(|value| Placement::Header("authorization".to_owned(), value))
            }
            "header" => {
                let name = table.must("name").to_lowercase();
                of("value", None).map(|value| Placement::Header(name, value))
            }
            "query" => {
                let name = table.must("name");
                of("value", Some(token)).map(|value| Placement::Query(name, value))
            }
            "basic" => {
                let user = table.must("user");
                let user = self.template(&table, "user", &user, &scope).or_else(nothing);
                user.zip(of("password", None)).map(|(user, password)| Placement::Basic(user, password))
            }
            "" => None,
            other => {
                table.wrong("type", format!("\"{other}\" is none of none, bearer, oauth2, header, query, basic"));
                None
            }
        };
        table.end();
        let placement = placement.unwrap_or(Placement::None);
        Auth { secrets: secrets_of(&placement, refresh.as_ref()), placement, proof, refresh }
    }

    fn call_proof(&self, table: Table<'_, 't>, scope: &Scope) -> Option<CallProof> {
        let query = table.must("query");
        let [over, secret] = ["over", "secret"].map(|key| {
            let text = table.must(key);
            let template = self.template(&table, key, &text, scope)?;
            self.no_secret(&table, key, &template, template.holes().next().is_none());
            Some(template)
        });
        table.end();
        over.zip(secret).map(|(over, secret)| CallProof { query, over, secret })
    }

    fn refresh(&mut self, table: Table<'_, 't>) -> Option<Refresh> {
        let scope = self.secret_scope().with(&["refresh"]);
        let url = table.must("url");
        let cut = url.strip_prefix("https://").map(|rest| 8 + rest.find('/').unwrap_or(rest.len()));
        let (base, path) = url.split_at(cut.unwrap_or(url.len()));
        self.origin(&table, "url", base);
        if super::has_secret_parameter(path) || super::looks_secret(path.split_once('?').map_or("", |(_, query)| query))
        {
            table.wrong("url", super::IN_FILE);
        }
        let body = self.body(&table, &scope);
        let headers =
            table.table("headers").map(|below| self.named_templates(below, &scope, "a header")).unwrap_or_default();
        let basic = table.table("basic").and_then(|below| {
            let [user, password] = ["user", "password"].map(|key| {
                let text = below.must(key);
                let template = self.template(&below, key, &text, &scope)?;
                self.no_secret(&below, key, &template, key == "password" && super::is_written_out(&template));
                Some(template)
            });
            below.end();
            user.zip(password)
        });
        let token = table.text("token").unwrap_or_else(|| "/access_token".to_owned());
        self.pointer(&table, "token", &token);
        let expires_in = self.pointer_of(&table, "expires_in");
        let refresh_token = self.pointer_of(&table, "refresh_token");
        table.end();
        Some(Refresh {
            base: base.to_owned(),
            path: path.to_owned(),
            body,
            headers,
            basic,
            token,
            expires_in,
            refresh_token,
        })
    }
}

/// The secrets that a way to sign in needs. What renews is needed as well, wherever the first one comes from.
fn secrets_of(placement: &Placement, refresh: Option<&Refresh>) -> Vec<String> {
    let mut names = Vec::new();
    let mut look = |template: &Template| {
        let secrets = template.holes().filter_map(|hole| hole.name.strip_prefix("secret."));
        names.extend(secrets.map(str::to_owned));
        if template.holes().any(|hole| hole.name == "refresh") {
            names.push("refresh_token".to_owned());
        }
    };
    match placement {
        Placement::None => {}
        Placement::Header(_, template) | Placement::Query(_, template) => look(template),
        Placement::Basic(user, password) => [user, password].into_iter().for_each(&mut look),
    }
    if let Some(refresh) = refresh {
        match &refresh.body {
            BodyShape::None => {}
            BodyShape::Json(shape) => shape.each(&mut look),
            BodyShape::Form(fields) => fields.values().for_each(&mut look),
        }
        refresh.headers.iter().for_each(|(_, template)| look(template));
        if let Some((user, password)) = &refresh.basic {
            [user, password].into_iter().for_each(&mut look);
        }
    }
    names.sort();
    names.dedup();
    names
}
