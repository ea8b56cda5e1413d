/* A server of HTTP/2 that cuts the line: POST and GET /HOW/ID are carried out, or not, and broken off
 * as HOW says; a GET the first time only, and a POST too if the client is told that it was not carried
 * out. GET /_done tells how often each path was carried out.
 *
 *   PORT, CERT, KEY  where it listens, and its certificate and key (PEM files)
 */
'use strict';
const fs = require('node:fs');
const http2 = require('node:http2');

const done = {}, met = {};
const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants;

const cuts = { // false: not carried out; told: and the client knows that; early: before the body is here
  'refused': { does: false, told: true, cut: (s) => s.close(NGHTTP2_REFUSED_STREAM) },
  // The last stream that it says it looked at is the one before; there is none before the first.
  'goaway': { does: false, cut: (s) => { s.session.goaway(0, s.id > 1 ? s.id - 2 : 0); setTimeout(() => s.session && s.session.destroy(), 20); } },
  'unread': { does: false, told: true, early: true, cut: (s) => s.close(NGHTTP2_REFUSED_STREAM) },
  'halfway': { does: false, early: true, cut: (s) => s.session.destroy() },
  'undone': { does: false, cut: (s) => s.session.destroy() },
  'reset': { does: true, cut: (s) => s.close(NGHTTP2_INTERNAL_ERROR) },
  'dropped': { does: true, cut: (s) => s.session.destroy() },
  'head': { does: true, cut: (s) => { s.respond({ ':status': 200, 'content-length': 10 }); setTimeout(() => s.session && s.session.destroy(), 20); } },
  'body': { does: true, cut: (s) => { s.respond({ ':status': 200, 'content-length': 10 }); s.write('{"a"'); setTimeout(() => s.close(NGHTTP2_INTERNAL_ERROR), 20); } },
  'hang': { does: true, cut: () => {} },
  // Whole answers: that of 'quick' before the request's body was read, of which what is long is then
  // called off; what is short is there a moment later.
  'last': { does: true, cut: (s) => { answer(s, { ok: true }); s.session.goaway(0, s.id); setTimeout(() => s.session && s.session.destroy(), 50); } },
  'quick': { does: true, early: true, cut: (s, short) => { answer(s, { ok: true }); s.on(short ? 'end' : 'finish', () => s.close(NGHTTP2_NO_ERROR)); } },
};

function answer(s, o) {
  s.respond({ ':status': 200, 'content-type': 'application/json' });
  s.end(JSON.stringify(o));
}

const server = http2.createSecureServer({ cert: fs.readFileSync(process.env.CERT), key: fs.readFileSync(process.env.KEY) });
server.on('stream', (s, headers) => {
  const path = headers[':path'];
  s.on('error', () => {});
  s.on('data', () => {});
  const how = cuts[path.split('/')[1]];
  const now = () => {
    met[path] = (met[path] || 0) + 1;
    if (how && ((headers[':method'] === 'POST' && !how.told) || met[path] === 1)) {
      if (how.does) done[path] = (done[path] || 0) + 1;
      return how.cut(s, path.endsWith('/used'));
    }
    done[path] = (done[path] || 0) + 1;
    answer(s, { ok: true });
  };
  if (how && how.early && headers[':method'] === 'POST' && !met[path]) return now();
  s.on('end', () => path === '/_done' ? answer(s, done) : now());
});
server.on('sessionError', () => {});
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.stdout.write('ready\n'));
