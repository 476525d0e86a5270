"""Runs a Synapse in FOLDER on PORT, and ends it when FOLDER/used was not touched for IDLE seconds."""
import os
import subprocess
import sys
import time

folder, port, idle = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
# How long an access token lives, and how often one user may write.
lifetime = sys.argv[4] if len(sys.argv) > 4 else "24h"
config = os.path.join(folder, "homeserver.yaml")
many = "{per_second: 100000, burst_count: 100000}"
messages = sys.argv[5] if len(sys.argv) > 5 else many
with open(config, "w") as file:
    file.write(f"""
server_name: localhost
pid_file: {folder}/pid
listeners: [{{port: {port}, bind_addresses: ["127.0.0.1"], type: http, tls: false, x_forwarded: false, resources: [{{names: [client, media], compress: false}}]}}]
database: {{name: sqlite3, args: {{database: "{folder}/homeserver.db"}}}}
log_config: {folder}/log.yaml
media_store_path: {folder}/media
signing_key_path: {folder}/signing.key
trusted_key_servers: []
suppress_key_server_warning: true
report_stats: false
macaroon_secret_key: tests
form_secret: tests
registration_shared_secret: tests
enable_registration: true
enable_registration_without_verification: true
bcrypt_rounds: 4
url_preview_enabled: false
refreshable_access_token_lifetime: {lifetime}
rc_message: {messages}
rc_registration: {many}
rc_joins: {{local: {many}, remote: {many}}}
rc_invites: {{per_room: {many}, per_user: {many}, per_issuer: {many}}}
rc_login: {{address: {many}, account: {many}, failed_attempts: {many}}}
rc_room_creation: {many}
rc_presence: {{per_user: {many}}}
presence: {{enabled: false}}
""")
with open(os.path.join(folder, "log.yaml"), "w") as file:
    file.write(f"""
version: 1
formatters: {{line: {{format: "%(asctime)s %(levelname)s %(name)s %(message)s"}}}}
handlers: {{file: {{class: logging.FileHandler, filename: "{folder}/log", formatter: line}}}}
root: {{level: WARNING, handlers: [file]}}
""")
run = [sys.executable, "-m", "synapse.app.homeserver", "-c", config]
if not os.path.exists(f"{folder}/signing.key"):
    subprocess.run([*run, "--generate-keys"], check=True)
with open(f"{folder}/out", "ab") as out:
    child = subprocess.Popen(run, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        while child.poll() is None:
            time.sleep(0.5)
            try:
                unused = time.time() - os.stat(f"{folder}/used").st_mtime
            except FileNotFoundError:
                # Whoever started it has tidied up.
                break
            if unused > idle:
                break
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
