package userlock_test

import (
	"fmt"
	"log"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

// UserLock's JSON names are not public. Names that this package does not know are in
// Notification.Extra: say which fields they stand for.
func ExampleConfig_aliases() {
	hook, err := userlock.New(userlock.Config{
		IDs:     event.Secrets("7C9E6679-7425-40DE-944B-E07FC1F90AE7"),
		Aliases: map[string]string{"Utilisateur": "UserAccount", "Poste": "ComputerName"},
	})
	if err != nil {
		log.Fatal(err)
	}
	e, err := hook.Decode([]byte(`{"EventType":1,"Utilisateur":"ACME\\ada","Poste":"WKS007"}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.User.Domain, e.User.Name, "at", e.Device.Name)
	// Output: ACME ada at WKS007
}
