//! A real personal data server of the AT Protocol (`@atproto/pds`), with the real identifier directory
//! (`@did-plc/server`) in memory. `tests/run` installs both from npm.

use super::{free_port, missing, until};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long they may take to come up, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

const DIRECTORY: &str = "const {PlcServer,Database}=require('@did-plc/server');
PlcServer.create({db:Database.mock(),port:Number(process.env.PORT)}).start();";

const SERVER: &str = "const {PDS,envToCfg,envToSecrets,readEnv}=require('@atproto/pds');
(async()=>{const env=readEnv();const pds=await PDS.create(envToCfg(env),envToSecrets(env));await pds.start();})()
.catch(error=>{console.error(error);process.exit(1)});";

/// A running server.
pub struct Atproto {
    /// `http://127.0.0.1:PORT`
    pub base: String,
    children: Vec<Child>,
    _folder: tempfile::TempDir,
}

/// Where `tests/run` puts the packages.
fn packages() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    cache.unwrap_or_default().join("switchboard/atproto/node_modules")
}

impl Atproto {
    /// Starts both; `None` after saying why they cannot be had.
    pub fn start() -> Option<Atproto> {
        let packages = packages();
        if !packages.join("@atproto/pds/dist").is_dir() || !packages.join("@did-plc/server/dist").is_dir() {
            missing("@atproto/pds and @did-plc/server (npm) are not installed; tests/run installs them");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (directory, port) = (free_port(), free_port());
        let node = |script: &str| {
            let mut command = Command::new("node");
            command.arg("-e").arg(script).env("NODE_PATH", &packages).current_dir(folder.path());
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let plc = node(DIRECTORY).env("PORT", directory.to_string()).spawn().ok()?;
        let place = |name: &str| folder.path().join(name);
        std::fs::create_dir(place("data")).unwrap();
        std::fs::create_dir(place("blobs")).unwrap();
        let settings = [
            ("PDS_DEV_MODE", "true".to_owned()),
            ("PDS_PORT", port.to_string()),
            ("PDS_HOSTNAME", "localhost".to_owned()),
            ("PDS_DATA_DIRECTORY", place("data").display().to_string()),
            ("PDS_BLOBSTORE_DISK_LOCATION", place("blobs").display().to_string()),
            ("PDS_DID_PLC_URL", format!("http://127.0.0.1:{directory}")),
            ("PDS_BSKY_APP_VIEW_URL", "http://127.0.0.1:9".to_owned()),
            ("PDS_BSKY_APP_VIEW_DID", "did:web:localhost%3A9".to_owned()),
            ("PDS_REPORT_SERVICE_URL", "http://127.0.0.1:9".to_owned()),
            ("PDS_REPORT_SERVICE_DID", "did:web:localhost%3A9".to_owned()),
            ("PDS_ADMIN_PASSWORD", "admin".to_owned()),
            ("PDS_JWT_SECRET", "0123456789abcdef0123456789abcdef".to_owned()),
            ("PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX", "1".repeat(64)),
            ("PDS_INVITE_REQUIRED", "false".to_owned()),
            ("PDS_CRAWLERS", String::new()),
            ("LOG_ENABLED", "false".to_owned()),
            ("PDS_RATE_LIMITS_ENABLED", "false".to_owned()),
            ("PDS_SERVICE_HANDLE_DOMAINS", ".test".to_owned()),
            ("PDS_DISABLE_SSRF_PROTECTION", "true".to_owned()),
        ];
        let pds = node(SERVER).envs(settings).spawn().ok()?;
        let server = Atproto { base: format!("http://127.0.0.1:{port}"), children: vec![plc, pds], _folder: folder };
        let up = until(PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        assert!(up, "the personal data server does not come up");
        Some(server)
    }
}

impl Drop for Atproto {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
