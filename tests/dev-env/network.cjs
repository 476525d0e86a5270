// A whole AT Protocol network on loopback (@atproto/dev-env): identifier directory, personal data server, AppView. Says
// where the personal data server is on one line, and ends with its input.
const { TestNetwork } = require('@atproto/dev-env')

async function main() {
  const network = await TestNetwork.create({
    pds: { hostname: 'localhost', enableDidDocWithSession: true },
    bsky: { dbPostgresSchema: 'bsky' },
    plc: {},
    ozone: {},
  })
  console.log(`network ${network.pds.url}`)
  process.stdin.resume()
  process.stdin.on('end', () => process.exit(0))
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
