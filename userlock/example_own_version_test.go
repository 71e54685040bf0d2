package userlock_test

import (
	"fmt"
	"log"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

// What one's own version of UserLock calls its fields, and how it writes times.
func ExampleConfig_ownVersion() {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		log.Fatal(err)
	}
	hook, err := userlock.New(userlock.Config{
		IDs:         event.Secrets("7C9E6679-7425-40DE-944B-E07FC1F90AE7"),
		Aliases:     map[string]string{"Utilisateur": "UserAccount", "Heure": "EventTime"},
		TimeLayouts: []string{"02/01/2006 15h04"},
		Location:    paris, // times without a zone
	})
	if err != nil {
		log.Fatal(err)
	}
	e, err := hook.Decode([]byte(`{"EventType":1,"Utilisateur":"ACME\\ada","Heure":"14/05/2026 08h31"}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.User.Name, e.Time.UTC())
	// Output: ada 2026-05-14 06:31:00 +0000 UTC
}
