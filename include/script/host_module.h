/* The internal module "host": what our own Lua files (lua/ of the installation) may ask of C.
 * `require "host"` works in those files only; company files and ready rules are refused.
 *
 * Effects
 *   host.step(spec [, body])     -> meta table, body string, seq. Suspends the call. spec is a
 * table that JSON can hold (keys are sorted, so equal specs are equal bytes). Raises in words when
 * suspending is impossible: while a company is being loaded, inside table.sort, gsub, __tostring
 * and the like. host.finish(outcome, table)  ends the call: outcome "attention" or "skip". Never
 * returns, no pcall catches it. host.log(level, text)        level "debug", "info", "warn",
 * "error"; capped per call host.random()                -> float in [0,1); the same sequence for
 * the same arguments.seed (math.random draws from the same generator)
 *
 *   host.seq()                   -> the number of the call's last step, 0 before the first
 *
 *   host.reader(heads)           -> function(connection, path): the step whose spec, as JSON, is
 * heads[connection], then path as a JSON text, then "}". Returns nil, and nothing was asked: there
 * is no such text in heads, or path is none that host.plain would take. The response, { status,
 * headers, body }, of an answer below 300 of which the host says nothing else and whose body can be
 * read (as host.read_body does, without nulls). Or false, and meta and body as host.step has them
 *
 *   host.plain(text)             -> true if it has no spaces and no control characters
 *   host.read_body(raw, kind, nulls)  -> what the body of an answer means, and perhaps a problem:
 * raw (nil: "") as a value, if kind (the content-type or nil) says that it is JSON, or does not say
 * anything and it looks like it; else as it is. The problem is that it says so and is none. Members
 * that are null are left out unless nulls is true.
 *
 * Environments
 *   host.basics()                -> a new table with the allow-listed Lua: assert ... utf8, print,
 *                                require (the companies' one). Add to it what scripts shall see.
 *   host.environment(globals)    -> a frozen environment that reads from globals: assigning a
 * global raises and names it. globals itself stays the caller's to change, and may have a metatable
 * with __index for names that are unknown. host.use_environment(env)    from now on files that
 * company code requires, and ready rules (rules/ of the installation), run in env host.freeze(t) ->
 * a read-only view of t (shallow): reads, pairs and # go to t, writes raise. The view has no
 * metatable to be had.
 *
 * Files of the company's bundle
 *   host.files()                 -> sorted list of their paths
 *   host.source(path)            -> the text, or nil
 *   host.run_file(path [, env])  runs that file in env (default: use_environment's) and returns
 * what it returns. Compile errors and a missing file raise. host.compile(text, path, env) ->
 * function, or nil and "path:line: message". For text that is not in the bundle, such as test
 * files. Text only, never bytecode.
 *
 *   host.globals()               -> list of { name, path, line, set }: each use of a global name in
 * the functions of the company's files that were loaded so far. Empty but in the first state of a
 * context, the one whose load() says what the company is
 *
 * Places
 *   host.calls(fn)               -> fn, which the caller is about to call: if it ends with `return
 * f()`, of which Lua keeps no frame, errors tell its place all the same host.where() ->
 * "company.lua:3": the innermost line of a company file or ready rule on the stack; nil if there is
 * none host.defined(fn)             -> "rules/x.lua:12": where a Lua function begins; nil for C
 *
 * require, for all: a company file asking for "a.b" gets a/b.lua of the company folder, else
 * what the installation has under that name: lua/a/b.lua, or rules/b.lua if a is "rules", else
 * the C module "a.b". Files of lua/ see company files only below "rules.". C modules: json cjson
 * decimal ids address names text crypto; each is there under "native.NAME" too, so that
 * lua/text.lua can be a module "text" that stands on native.text. Only lua/ may require "host" and
 * "native.*". A module runs once per state; a cycle is an error that names the way round.
 */
#ifndef HOST_MODULE_H
#define HOST_MODULE_H

#include <lua.h>

/* Pushes the module's table. May raise. */
int l_open_host(lua_State *L);

#endif
