/* A server of HTTP/2 that cuts the line: POST and GET /HOW/ID are carried out, or not, and broken off
 * as HOW says, a GET the first time only. GET /_done tells how often each path was carried out.
 *
 *   PORT, CERT, KEY  where it listens, and its certificate and key (PEM files)
 */
'use strict';
const fs = require('node:fs');
const http2 = require('node:http2');

const done = {}, met = {};
const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants;

const cuts = { // false: not carried out
  'refused': { does: false, cut: (s) => s.close(NGHTTP2_REFUSED_STREAM) },
  'goaway': { does: false, cut: (s) => { s.session.goaway(0, 0); setTimeout(() => s.session && s.session.destroy(), 20); } },
  'undone': { does: false, cut: (s) => s.session.destroy() },
  'reset': { does: true, cut: (s) => s.close(NGHTTP2_INTERNAL_ERROR) },
  'dropped': { does: true, cut: (s) => s.session.destroy() },
  'head': { does: true, cut: (s) => { s.respond({ ':status': 200, 'content-length': 10 }); setTimeout(() => s.session && s.session.destroy(), 20); } },
  'body': { does: true, cut: (s) => { s.respond({ ':status': 200, 'content-length': 10 }); s.write('{"a"'); setTimeout(() => s.close(NGHTTP2_INTERNAL_ERROR), 20); } },
  'hang': { does: true, cut: () => {} },
};

const server = http2.createSecureServer({ cert: fs.readFileSync(process.env.CERT), key: fs.readFileSync(process.env.KEY) });
server.on('stream', (s, headers) => {
  const path = headers[':path'];
  s.on('error', () => {});
  s.on('data', () => {});
  const answer = (o) => { s.respond({ ':status': 200, 'content-type': 'application/json' }); s.end(JSON.stringify(o)); };
  s.on('end', () => {
    if (path === '/_done') return answer(done);
    const how = cuts[path.split('/')[1]];
    met[path] = (met[path] || 0) + 1;
    if (how && (headers[':method'] === 'POST' || met[path] === 1)) {
      if (how.does) done[path] = (done[path] || 0) + 1;
      return how.cut(s);
    }
    done[path] = (done[path] || 0) + 1;
    answer({ ok: true });
  });
});
server.on('sessionError', () => {});
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.stdout.write('ready\n'));
