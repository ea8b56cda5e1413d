// A mail server from npm (smtp-server): node mail.js '{"secure":false,"key":...,"cert":...,"login":
// {"user":"u","password":"p"},"starttls":true}'. Its first line is its port; then a JSON line a mail.
const fs = require("fs");
const { SMTPServer } = require(process.env.NODE_FOLDER + "/node_modules/smtp-server");

const wanted = JSON.parse(process.argv[2]);
const server = new SMTPServer({
  secure: wanted.secure === true,
  key: fs.readFileSync(wanted.key),
  cert: fs.readFileSync(wanted.cert),
  disabledCommands: wanted.starttls === false ? ["STARTTLS"] : [],
  authOptional: !wanted.login,
  authMethods: wanted.methods || ["PLAIN", "LOGIN"],
  allowInsecureAuth: wanted.insecure === true,
  onAuth(auth, session, done) {
    const right = auth.username === wanted.login.user && auth.password === wanted.login.password;
    done(right ? null : new Error("Invalid login"), { user: auth.username });
  },
  onRcptTo(address, session, done) {
    const nobody = address.address.startsWith("nobody@");
    done(nobody ? Object.assign(new Error("no such user"), { responseCode: 550 }) : null);
  },
  onData(stream, session, done) {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => {
      console.log(JSON.stringify({
        from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((r) => r.address),
        secure: session.secure, user: session.user || null, name: session.hostNameAppearsAs,
        raw: Buffer.concat(parts).toString("utf8") }));
      done();
    });
  },
});
server.on("error", () => {}); // a client that turns away is what some tests want
server.listen(0, "127.0.0.1", function () { console.log(this.address().port); });
