package unlocapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

// simulatedUnloc stands for api.unloc.app in the examples. Two doors were opened there.
func simulatedUnloc() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/auth/token/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"access_token":"eyJhbGciOi","token_type":"bearer","expires_in":3600}`)
	})
	mux.HandleFunc("GET /v2/projects/{project}/logs/access", func(w http.ResponseWriter, r *http.Request) {
		after, log := r.URL.Query().Get("startAfterId"), []string{openedDoor("e-1", "Loading dock"), openedDoor("e-2", "North gate")}
		switch {
		case r.URL.Query().Get("limit") != "1":
			fmt.Fprintf(w, `{"accessEvents":[%s,%s]}`, log[0], log[1])
		case after == "":
			fmt.Fprintf(w, `{"accessEvents":[%s],"startAfterId":"e-1"}`, log[0])
		default:
			fmt.Fprintf(w, `{"accessEvents":[%s]}`, log[1])
		}
	})
	mux.HandleFunc("POST /v2/projects/{project}/webhooks", func(w http.ResponseWriter, r *http.Request) {
		var webhook struct{ Trigger, LockID string }
		if json.NewDecoder(r.Body).Decode(&webhook) == nil && webhook.LockID == "l-4" {
			fmt.Println("registered:", webhook.Trigger, webhook.LockID)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"title":"Not Found","detail":"No such lock in this project"}`)
	})
	return httptest.NewServer(mux)
}

func openedDoor(id, lock string) string {
	return fmt.Sprintf(`{"id":%q,"action":"unlocked","created":%q,"keyId":"k-17","lockId":"l-4","lockName":%q,"appUserId":"+4790001234","userName":""}`,
		id, time.Now().UTC().Format(time.RFC3339), lock)
}
