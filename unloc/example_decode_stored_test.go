package unloc_test

import (
	"fmt"
	"log"

	"github.com/accesshook/accesshook/unloc"
)

// Decoding a body that was verified and stored before.
func ExampleDecode() {
	e, err := unloc.Decode([]byte(`{"id":"e7d0a1","action":"viewedCode","lockId":"l-4","lockName":"Loading dock"}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.ID, e.Type, e.Lock.Name)
	// Output: e7d0a1 lock.code_viewed Loading dock
}
