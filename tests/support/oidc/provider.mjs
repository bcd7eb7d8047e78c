// A real OpenID Connect provider (oidc-provider) on loopback: accounts and client from its argument.
// Its own pages ask for a login; any password is right. Keys are new at each start.

import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";

const told = JSON.parse(process.argv[2]);

// Tokens of long ago, or of tomorrow. Browsers would drop cookies of long ago, so that the past
// begins when tokens are asked for; codes of now would be too old tomorrow, which begins at once.
const real = Date.now;
let shift_ms = Math.max(0, told.shift_s) * 1000;
Date.now = () => real() + shift_ms;

const { default: Provider } = await import("oidc-provider");

function key() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

const accounts = new Map(Object.entries(told.accounts));
const server = createServer();
server.listen(told.port, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    jwks: { keys: [key()] },
    clients: [
      {
        client_id: told.client_id,
        client_secret: told.client_secret,
        redirect_uris: [told.redirect_uri],
        post_logout_redirect_uris: [told.home],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], profile: Object.keys(Object.assign({}, ...accounts.values())) },
    conformIdTokenClaims: !told.claims_in_id_token,
    pkce: { required: () => true },
    cookies: { keys: [randomUUID()] },
    async findAccount(_, id) {
      return { accountId: id, claims: async () => ({ sub: id, ...(accounts.get(id) ?? {}) }) };
    },
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (request.url === "/token") shift_ms = told.shift_s * 1000;
    answer(request, response);
  });
  console.log(`ready ${issuer}`);
});
