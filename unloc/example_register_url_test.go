package unloc_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/accesshook/accesshook/unloc"
)

// The URL to register with Unloc, for one lock.
func ExampleURL() {
	url, err := unloc.URL("https://hooks.example/webhooks/unloc", "unloc", "R4mT0pqu2x-new")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Replace(url, "R4mT0pqu2x-new", "…", 1)) // it is a secret

	_, err = unloc.URL("https://hooks.example/webhooks/unloc", "unloc", "p@ssword")
	fmt.Println(err)
	// Output:
	// https://unloc:…@hooks.example/webhooks/unloc
	// unloc: password has other characters than letters, digits and -._~, which Unloc may not be able to send
}
