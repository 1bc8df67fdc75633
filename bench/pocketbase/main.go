// Command pocketbase is the PocketBase side of the HTTP benchmark: what its
// release binary does with a directory of hooks, and nothing more.
//
//	pocketbase serve --http 127.0.0.1:8090 --dir DATA --hooks HOOKS [--quiet]
package main

import (
	"log"
	"os"

	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/plugins/jsvm"
)

func main() {
	app := pocketbase.New()
	flags := app.RootCmd.PersistentFlags()
	hooks := flags.String("hooks", "", "directory of the JavaScript hooks")
	quiet := flags.Bool("quiet", false, "log no requests; the default logs each into a database")
	if err := app.RootCmd.ParseFlags(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
	// 15 interpreters is the default of the release binary.
	jsvm.MustRegister(app, jsvm.Config{HooksDir: *hooks, HooksPoolSize: 15})
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.InstallerFunc = nil // no browser
		if *quiet {
			e.App.Settings().Logs.MaxDays = 0
		}
		return e.Next()
	})
	if err := app.Start(); err != nil {
		log.Fatal(err)
	}
}
