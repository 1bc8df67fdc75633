//go:build linux && amd64

package bundle_test

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hostile are packages whose sources try to make the bundler read the host.
var hostile = []struct {
	name string
	tree tree
}{
	{"imports out of the package", tree{"a.js": "import '../../../../etc/passwd'; import '/etc/passwd'; import 'file:///etc/passwd'; export default () => 1"}},
	{"requires out of the package", tree{"a.js": "module.exports = () => require('/etc/passwd') + require('../../etc/passwd') + require('fs')"}},
	{"a computed import", tree{"a.js": "export default async (x) => import('../../../../../../etc/' + x)"}},
	{"a computed import in a template", tree{"a.js": "export default async (x) => import(`./${x}/${x}.js`)"}},
	{"a computed require", tree{"a.js": "module.exports = (x) => require('./' + x)"}},
	{"a computed require in a choice", tree{"a.js": "module.exports = (x, c) => require(c ? './a.js' : '../../../../../../' + x)"}},
	{"a computed require, spelled with an escape", tree{"a.js": "module.exports = (x) => r\\u0065quire('./' + x)"}},
	{"a computed import of a constant of TypeScript", tree{"a.ts": "enum E { A = '../../../../' }\nexport default async (x: string) => import(E.A + x)"}},
	{"a computed import with attributes", tree{"a.js": "export default async (x) => import('./' + x, { with: { type: 'json' } })"}},
	{"a computed import in a nested template", tree{"a.js": "export default async (x) => `${await import('../../../../' + `${x}`)}`"}},
	{"a source map by URL", tree{"a.js": "export default () => 1\n//# sourceMappingURL=file:///etc/passwd"}},
	{"a source map by name", tree{"a.js": "export default () => 1\n//@ sourceMappingURL=../../../etc/passwd"}},
	{"a source map in a long comment", tree{"a.js": "export default () => 1\n/*# sourceMappingURL=file:///etc/passwd */"}},
	{"a source map whose sources are on the host", tree{"a.js": `export default () => 1
//# sourceMappingURL=data:application/json,{"version":3,"sources":["file:///etc/passwd"],"mappings":"AAAA"}`}},
	{"tsconfig.json that extends", tree{"a.ts": "export default () => 1", "tsconfig.json": `{"extends": "/etc/passwd"}`}},
	{"package.json that leads out", tree{"a.js": "import 'x'; import 'y'; import '#z'; export default () => 1", "package.json": `{"imports": {"#z": "./../../etc/passwd"}}`,
		"node_modules/x/package.json": `{"main": "../../../../etc/passwd"}`, "node_modules/y/package.json": `{"exports": "/etc/passwd"}`}},
	{"a URL relative to the module", tree{"a.js": "export default (x) => new URL('./' + x, import.meta.url)"}},
	{"a name for JSX", tree{"a.jsx": "/** @jsxImportSource ../../../etc */ export default () => 1"}},
	{"CSS", tree{"a.js": "import './a.css'; export default () => 1", "a.css": "@import '/etc/passwd'"}},
	{"a file that is missing", tree{"a.js": "import './b'; export default () => 1"}},
	{"an entry that is missing", tree{"b.js": ""}},
}

// TestNothingIsRead builds the hostile packages in a child process that the
// kernel ends at the first system call that would look at the file system.
func TestNothingIsRead(t *testing.T) {
	switch os.Getenv("BUNDLE_JAIL") {
	case "build":
		buildInJail(t)
		return
	case "read":
		jail(t)
		_, _ = os.ReadFile("/etc/hostname")
		return
	}
	if out, err := inChild("read"); err == nil || strings.Contains(out, "cannot jail") {
		t.Fatalf("a child that reads a file lives: %v\n%s", err, out)
	}
	if out, err := inChild("build"); err != nil || !strings.Contains(out, "all were built") {
		t.Errorf("the bundler looked at the file system of the host: %v\n%s", err, out)
	}
}

func inChild(task string) (string, error) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsRead$", "-test.v")
	// With cgo, the C library counts the processors in /sys when a thread first
	// allocates, unless all threads share one arena.
	cmd.Env = append(os.Environ(), "BUNDLE_JAIL="+task, "MALLOC_ARENA_MAX=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func buildInJail(t *testing.T) {
	jail(t)
	for _, c := range hostile {
		t.Log(c.name) // the last one in the log is the culprit
		entry := "a.js"
		for name := range c.tree {
			if strings.HasPrefix(name, "a.") && name != "a.css" {
				entry = name
			}
		}
		out, err := c.tree.build(entry)
		if strings.Contains(string(out.SourceMap), "root:") {
			t.Error("the source map contains a file of the host")
		}
		_ = err // most are refused
	}
	t.Log("all were built")
}

// jail ends the process at any call that opens, lists or asks about a file.
func jail(t *testing.T) {
	runtime.LockOSThread()
	forbidden := []uint32{
		unix.SYS_OPEN, unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_NEWFSTATAT, unix.SYS_STATX,
		unix.SYS_READLINK, unix.SYS_READLINKAT, unix.SYS_GETDENTS, unix.SYS_GETDENTS64, unix.SYS_ACCESS, unix.SYS_FACCESSAT,
		unix.SYS_FACCESSAT2, unix.SYS_GETCWD, unix.SYS_CHDIR, unix.SYS_EXECVE, unix.SYS_SOCKET, unix.SYS_MKDIRAT,
	}
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}} // the number of the call
	for _, call := range forbidden {
		program = append(program,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS})
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal("cannot jail:", err)
	}
	if _, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter))); errno != 0 {
		t.Fatal("cannot jail:", errno)
	}
}
