//! An authority of our own and a certificate for this machine, made by `openssl`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Files in a folder: the authority's certificate, and a server's certificate and key.
pub struct Certificates {
    pub authority: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Makes them; `None` when there is no `openssl`.
pub fn make(folder: &Path) -> Option<Certificates> {
    std::fs::write(
        folder.join("ext"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n",
    )
    .unwrap();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority = ["-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=switchboard test authority"];
    openssl(folder, &[&["req", "-x509"], &key[..], &authority].concat())?;
    openssl(
        folder,
        &[&["req"], &key[..], &["-keyout", "key.pem", "-out", "csr.pem", "-subj", "/CN=localhost"]].concat(),
    )?;
    let sign = ["x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(folder, &[&sign[..], &["-days", "30", "-extfile", "ext", "-out", "cert.pem"]].concat())?;
    let file = |name: &str| folder.join(name);
    Some(Certificates { authority: file("ca.pem"), certificate: file("cert.pem"), key: file("key.pem") })
}

fn openssl(folder: &Path, arguments: &[&str]) -> Option<()> {
    let run = Command::new("openssl").args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    match run {
        Ok(done) => {
            assert!(done.status.success(), "openssl: {}", String::from_utf8_lossy(&done.stderr));
            Some(())
        }
        Err(error) => {
            super::missing(&format!("openssl: {error}"));
            None
        }
    }
}
