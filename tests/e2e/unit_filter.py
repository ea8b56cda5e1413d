"""Becomes the program that is named, under the system call filter that lines of a unit of systemd make:
usage: unit_filter.py FILTER... PROGRAM ARGUMENT...   where a FILTER is "@set call" or "~@set call"."""
import ctypes
import os
import subprocess
import sys

REFUSED, ALLOWED = 0x00050001, 0x7FFF0000  # SCMP_ACT_ERRNO(EPERM), SCMP_ACT_ALLOW


def calls(name):
    """What the name of a set of systemd stands for."""
    if not name.startswith("@"):
        return {name}
    said = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    words = [line.strip() for line in said.splitlines()[1:]]
    return set().union(*(calls(w) for w in words if w and not w.startswith("#")))


def main():
    arguments = sys.argv[1:]
    allowed = calls("@default")
    while not os.path.isabs(arguments[0]):
        line = arguments.pop(0)
        named = set().union(*(calls(name) for name in line.lstrip("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_rule_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    if os.geteuid() == 0:
        allowed.add("fchown")  # SQLite does that as root alone
    rules = lib.seccomp_init(REFUSED)
    for call in sorted(allowed):
        number = lib.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # else it is one of other machines
            lib.seccomp_rule_add(rules, ALLOWED, number, 0)
    if lib.seccomp_load(rules) != 0:
        sys.exit("the filter could not be loaded")
    os.execv(arguments[0], arguments)


main()
