package loginradiusapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius/loginradiusapi"
)

// Keep the webhooks of a site registered: say first what would be done, then do it. To do
// it again changes nothing. The receiver has moved here from /old to /new; what another
// service has registered is left alone.
func Example_keepWebhooksRegistered() {
	vendor := httptest.NewServer(newVendor())
	defer vendor.Close()

	client, err := loginradiusapi.New(loginradiusapi.Config{
		APIKey:    event.NewSecret("the key of the site"),        // from a variable or a file
		APISecret: event.NewSecret("the API secret of the site"), //
		BaseURL:   vendor.URL,                                    // leave it out
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var want []loginradiusapi.Subscription
	for _, name := range []string{"Login", "BlockAccount"} {
		want = append(want, loginradiusapi.Subscription{Event: name, TargetURL: "https://hooks.example.com/new", SecretName: "webhooks"})
	}
	options := loginradiusapi.EnsureOptions{Owns: loginradiusapi.Hosts("hooks.example.com")}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, dryRun := range []bool{true, false, false} {
		options.DryRun = dryRun
		result, err := client.Ensure(ctx, want, options)
		if result != nil {
			fmt.Print(result)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// create Login to https://hooks.example.com/new
	// create BlockAccount to https://hooks.example.com/new
	// delete login to https://hooks.example.com/old
	// unchanged: 0, not owned: 1
	// create Login to https://hooks.example.com/new: done
	// create BlockAccount to https://hooks.example.com/new: done
	// delete login to https://hooks.example.com/old: done
	// unchanged: 0, not owned: 1
	// unchanged: 2, not owned: 1
}

// newVendor plays LoginRadius.
func newVendor() http.Handler {
	type subscription struct{ ID, Event, TargetURL, SecretName string }
	registered := map[string]subscription{
		"1": {"1", "login", "https://hooks.example.com/old", "webhooks"},
		"2": {"2", "login", "https://crm.example.com/hook", ""},
	}
	answer := func(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/manage/webhooks/events", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"Data": []string{"Login", "Register", "BlockAccount"}})
	})
	mux.HandleFunc("GET /v2/manage/webhooks", func(w http.ResponseWriter, _ *http.Request) {
		all := []subscription{}
		for _, s := range registered {
			all = append(all, s)
		}
		answer(w, map[string]any{"Data": all})
	})
	mux.HandleFunc("POST /v2/manage/webhooks", func(w http.ResponseWriter, r *http.Request) {
		var s subscription
		_ = json.NewDecoder(r.Body).Decode(&s)
		s.ID = s.Event
		registered[s.ID] = s
		answer(w, s)
	})
	mux.HandleFunc("DELETE /v2/manage/webhooks/{id}", func(w http.ResponseWriter, r *http.Request) {
		delete(registered, r.PathValue("id"))
		answer(w, map[string]bool{"isdeleted": true})
	})
	return mux
}
