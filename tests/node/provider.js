/* An authorization server for the tests: oidc-provider with all of its grants, short lives, and
 * refresh tokens that change with each use. What a test does to it comes by environment; what it did
 * goes to standard output, a JSON object a line.
 *
 *   PORT             0 takes a free one; the first line says which
 *   ACCESS_SECONDS   life of access tokens (600)
 *   ROTATE           "0": refresh tokens stay the same
 *   KEYS             public keys (PEM, a JSON array) of the client "signed"
 *   METADATA         "1": its metadata is at the address of RFC 8414, too
 */
'use strict';
const crypto = require('node:crypto');
const http = require('node:http');
const { URL } = require('node:url');

const say = (o) => process.stdout.write(JSON.stringify(o) + '\n');
const counts = {};
const tokens = []; // all that were given out
const faults = []; // { grant, how }: "lost" (done, and no answer), "late" (done, and answered 20 ms after
// it was said on standard output), "dropped" (not done), "500", "429",
// "forgotten" (done and answered, but then the server is set back to before it), "bare" (done, and
// answered without refresh_token and expires_in), "expires=JSON" (done, with that for expires_in),
// "page" (not done, and a web page), "said=ERROR" (not done, and that error with the status 200)

async function main() {
  const { Provider } = await import(process.env.PROVIDER || 'oidc-provider').then((m) => ({ Provider: m.default || m.Provider }));
  const server = http.createServer();
  await new Promise((done) => server.listen(Number(process.env.PORT || 0), '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const seconds = Number(process.env.ACCESS_SECONDS || 600);
  const client = (id, more) => ({
    client_id: id, client_secret: `secret-of-${id}`, redirect_uris: ['http://127.0.0.1/oauth/callback'],
    application_type: 'native', token_endpoint_auth_method: 'client_secret_post', scope: 'openid offline_access read',
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'], ...more });
  const clients = [client('post'), client('basic', { token_endpoint_auth_method: 'client_secret_basic' }),
    client('public', { token_endpoint_auth_method: 'none', client_secret: undefined,
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'] })];
  if (process.env.KEYS) {
    clients.push(client('signed', { token_endpoint_auth_method: 'private_key_jwt', client_secret: undefined,
      jwks: { keys: JSON.parse(process.env.KEYS).map((k) => crypto.createPublicKey(k).export({ format: 'jwk' })) } }));
  }
  const provider = new Provider(issuer, {
    clients,
    pkce: { required: () => true, methods: ['S256'] },
    scopes: ['openid', 'offline_access', 'read'],
    rotateRefreshToken: process.env.ROTATE !== '0',
    issueRefreshToken: async () => true,
    cookies: { keys: ['test'] },
    clientAuthMethods: ['client_secret_post', 'client_secret_basic', 'private_key_jwt', 'none'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
    features: {
      devInteractions: { enabled: false }, clientCredentials: { enabled: true }, deviceFlow: { enabled: true },
      introspection: { enabled: true }, revocation: { enabled: true },
    },
    ttl: { AccessToken: seconds, ClientCredentials: seconds, AuthorizationCode: 60, RefreshToken: 86400, DeviceCode: 600,
      Grant: 86400, Session: 86400, Interaction: 600 },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  });
  const handle = provider.callback();

  // The person who logs in and allows everything, at once.
  async function interact(req, res) {
    const details = await provider.interactionDetails(req, res);
    if (details.prompt.name === 'login') {
      await provider.interactionFinished(req, res, { login: { accountId: 'person' } }, { mergeWithLastSubmission: false });
      return;
    }
    const grant = new provider.Grant({ accountId: 'person', clientId: details.params.client_id });
    grant.addOIDCScope('openid offline_access read');
    await provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }

  // What the access tokens are for: an API, /api/..., that asks the provider about them.
  const refusing = { until: 0, token: null };
  async function api(req, res) {
    const value = (req.headers.authorization || '').replace(/^Bearer /, '');
    const token = value && (await provider.AccessToken.find(value) || await provider.ClientCredentials.find(value));
    const good = token && token.isValid && !token.isExpired && value !== refusing.token;
    counts[good ? 'api' : 'api_401'] = (counts[good ? 'api' : 'api_401'] || 0) + 1;
    const answer = () => {
      res.writeHead(good ? 200 : 401, { 'content-type': 'application/json' });
      res.end(JSON.stringify(good ? { ok: true, who: token.accountId || token.clientId } : { error: 'invalid_token' }));
    };
    if (good || !refusing.hold) return answer();
    refusing.held.push(answer);
    if (refusing.held.length >= refusing.hold) for (const one of refusing.held.splice(0)) one();
  }

  async function control(req, res, url) {
    const q = url.searchParams;
    let out = {};
    if (url.pathname === '/_fault') for (let i = 0; i < Number(q.get('times') || 1); i++) faults.push({ grant: q.get('grant'), how: q.get('how') });
    if (url.pathname === '/_counts') out = counts;
    if (url.pathname === '/_fresh') { for (const k of Object.keys(counts)) delete counts[k]; faults.length = 0; refusing.hold = 0; }
    if (url.pathname === '/_tokens') out = { tokens };
    if (url.pathname === '/_revoke') {
      const token = await provider.RefreshToken.find(q.get('token') || refusing.refresh);
      if (token) await provider.Grant.adapter.destroy(token.grantId), await provider.RefreshToken.revokeByGrantId(token.grantId);
      out = { revoked: Boolean(token) };
    }
    if (url.pathname === '/_refuse') { // the access token that was used last; all are answered together
      refusing.token = refusing.last; refusing.hold = Number(q.get('hold') || 0); refusing.held = [];
    }
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify(out));
  }

  async function forget(before, after) {
    await (await provider.RefreshToken.find(after)).destroy();
    const old = await provider.RefreshToken.find(before);
    old.consumed = undefined;
    await old.save(3600);
  }

  async function token(req, res) {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    req.body = Buffer.concat(chunks).toString(); // oidc-provider takes a body that was read already
    const form = new URLSearchParams(req.body);
    const grant = form.get('grant_type');
    counts[grant] = (counts[grant] || 0) + 1;
    const at = faults.findIndex((f) => f.grant === grant);
    const fault = at < 0 ? null : faults.splice(at, 1)[0].how;
    if (fault === '500' || fault === '429') {
      res.writeHead(Number(fault), { 'retry-after': '1' });
      res.end();
      return;
    }
    if (fault === 'dropped') { req.socket.destroy(); return; }
    if (fault === 'page' || (fault || '').startsWith('said=')) {
      res.writeHead(200, { 'content-type': fault === 'page' ? 'text/html' : 'application/json' });
      res.end(fault === 'page' ? '<html>Log in</html>' : JSON.stringify({ error: fault.slice(5), error_description: 'said with 200' }));
      return;
    }
    const end = res.end.bind(res);
    res.end = (body, ...rest) => {
      if (body) {
        try {
          const answer = JSON.parse(body);
          for (const t of [answer.access_token, answer.refresh_token]) if (t) tokens.push(t);
          if (answer.refresh_token) refusing.refresh = answer.refresh_token;
          if (answer.access_token) refusing.last = answer.access_token;
          if (answer.error) counts[`error ${answer.error}`] = (counts[`error ${answer.error}`] || 0) + 1;
          say({ grant, error: answer.error, detail: answer.error_detail || answer.error_description });
        } catch (e) { /* not JSON */ }
      }
      if (body && (fault === 'bare' || (fault || '').startsWith('expires='))) {
        const answer = JSON.parse(body);
        if (fault === 'bare') delete answer.refresh_token;
        delete answer.expires_in;
        body = JSON.stringify(answer); // JSON.stringify would write 1e18 as 1000000000000000000
        if (fault !== 'bare') body = `${body.slice(0, -1)},"expires_in":${fault.slice(8)}}`;
        res.removeHeader('content-length');
      }
      if (fault === 'lost') { req.socket.destroy(); return res; }
      if (fault === 'forgotten') forget(form.get('refresh_token'), refusing.refresh).then(() => end(body, ...rest), say);
      else if (fault === 'late') setTimeout(() => end(body, ...rest), 20);
      else end(body, ...rest);
      return res;
    };
    handle(req, res);
  }

  provider.on('server_error', (ctx, e) => say({ server_error: String(e && e.stack) }));
  server.on('request', (req, res) => {
    const url = new URL(req.url, issuer);
    if (process.env.METADATA && url.pathname === '/.well-known/oauth-authorization-server') req.url = '/.well-known/openid-configuration';
    const run = url.pathname.startsWith('/interaction/') ? interact(req, res)
      : url.pathname.startsWith('/api/') ? api(req, res)
        : url.pathname.startsWith('/_') ? control(req, res, url)
          : url.pathname === '/token' ? token(req, res) : Promise.resolve(handle(req, res));
    run.catch((e) => { say({ failed: String(e && e.stack) }); res.writeHead(500); res.end(); });
  });
  say({ issuer });
}
main();
