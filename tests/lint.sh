#!/bin/sh
# Layout, banned functions, layer rules, Lua: what a compiler does not judge.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
report() {
    [ -n "$2" ] || return 0
    printf 'lint: %s\n%s\n' "$1" "$2"
    bad=1
}
c_files=$(git ls-files '*.c' '*.h')
host_files=$(git ls-files 'host/*.c' 'include/*.h')

report 'layout differs from .clang-format (make format)' \
    "$(for f in $c_files; do clang-format --dry-run -Werror "$f" >/dev/null 2>&1 || echo "  $f"; done)"
report 'banned function' \
    "$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gmtime|localtime|alloca|gets)[ ]*\(' $host_files)"
report 'memory is host/base/mem.c'\''s to hand out (Lua states: host/script/vm.c, heap.c)' \
    "$(grep -nE '\b(malloc|calloc|realloc|strdup|strndup)[ ]*\(' $host_files |
        grep -vE '^host/base/mem\.c:|^host/script/(vm|heap)\.c:')"
report 'lua.h belongs to host/script' \
    "$(grep -nE '#include[ <"]+(lua|lualib|lauxlib)\.h' $host_files | grep -vE '^(host|include)/script/')"
report 'SQL belongs to host/store' \
    "$(grep -nE '#include[ <"]+(sqlite3|libpq-fe)\.h' $host_files | grep -vE '^(host|include)/store/')"
report 'libevent, libcurl and llhttp belong to host/io' \
    "$(grep -nE '#include[ <"]+(curl/|event2/|llhttp)' $host_files | grep -vE '^(host|include)/io/')"
report 'one function resumes a coroutine and one suspends it, both in host/script/bridge.c' \
    "$(grep -nE '\blua_(resume|yieldk?)[ ]*\(' $host_files | grep -v '^host/script/bridge\.c:')"
report 'longer than 500 lines: is it one idea?' \
    "$(git ls-files '*.c' '*.h' '*.lua' '*.py' | xargs wc -l | awk '$2 != "total" && $1 > 500 {print "  " $2 " " $1}')"
report 'a path of one machine' \
    "$(git grep -nE '(^|[^a-zA-Z0-9_.])/(work|root|home/[a-z]+)/' -- . ':!tests/fuzz/corpus' ':!tests/lint.sh')"
report 'at the top level stand Makefile README.md host rules lua include tests examples, and nothing else' \
    "$(git ls-files | sed 's,/.*,,' | sort -u | grep -vxE '\..*|Makefile|README\.md|host|rules|lua|include|tests|examples')"
report 'unfinished' "$(git grep -nE '\b(TODO|FIXME|XXX:)' -- . ':!tests/lint.sh')"
if [ -n "$(git ls-files '*.lua')" ]; then
    report 'luacheck' "$(git ls-files '*.lua' | xargs luacheck --no-color -q 2>&1 | grep -vE '^Total: 0 warnings / 0 errors|^$')"
fi
[ $bad = 0 ] && echo 'lint: clean'
exit $bad
