package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// demo sends the events of two quiet weeks and of one day to endpoints of its own.
func demo(ctx context.Context, r *rules, a *action, log *slog.Logger) error {
	a.act, a.never = false, []string{"administrator"}
	r.domain, r.next = "EXAMPLE", a
	if err := r.open("", ""); err != nil {
		return err
	}
	r.accounts = map[string]string{"relock id:u-1042": "aokoye", "relock id:u-1045": "dkaya", "relock id:u-1000": "administrator"}

	id := make([]byte, 16)
	rand.Read(id)
	secrets := map[string]string{
		"USERLOCK_IDS": hex.EncodeToString(id), "UNLOC_CREDENTIALS": "demo:" + rand.Text(),
		"RELOCK_SECRETS": rand.Text(), "LOGINRADIUS_SECRETS": rand.Text(),
	}
	mux := http.NewServeMux()
	quiet := slog.New(slog.DiscardHandler) // or else a record for each request
	if _, err := endpoints(mux, r, func(name string) (string, bool) { s, ok := secrets[name]; return s, ok }, quiet); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux}
	go server.Serve(listener)
	defer server.Close()

	v := vendors{ctx: ctx, base: "http://" + listener.Addr().String() + "/webhooks/", secrets: secrets}
	v.send()
	log.Info("a simulated day and two weeks before it", "events", v.sent)
	return v.err
}

// vendors plays them. Its error is the first one.
type vendors struct {
	ctx     context.Context
	base    string
	secrets map[string]string
	sent    int
	err     error
}

func (v *vendors) send() {
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	at := func(hour, minute int) time.Time {
		return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	}
	desks := map[string]string{"aokoye": "192.0.2.21", "blind": "192.0.2.22", "cmoreau": "192.0.2.23", "dkaya": "192.0.2.24", "efischer": "192.0.2.25"}
	for ago := 15; ago >= 0; ago-- {
		for user, desk := range desks {
			v.userlock("1", at(8, 0).AddDate(0, 0, -ago), user, desk, "Norway")
		}
	}
	// Refused at two vendors, and then let in.
	for i := range 6 {
		v.relock(relock.AuthenticationFailed{UserID: "u-1042", Reason: "unknown_device", IPAddress: "203.0.113.77", Timestamp: at(9, i)})
	}
	for i := range 4 {
		v.userlock("20", at(9, 1).Add(time.Duration(i)*time.Second), "aokoye", "203.0.113.77", "Norway")
	}
	v.userlock("501", at(9, 6), "aokoye", "203.0.113.77", "Norway")
	// One address tries a password with many names. One of them has it.
	for i := range 20 {
		v.userlock("20", at(10, 0).Add(time.Duration(i)*time.Second), fmt.Sprintf("user%02d", i), "198.51.100.66", "Norway")
	}
	v.userlock("501", at(10, 1), "blind", "198.51.100.66", "Norway")
	v.userlock("501", at(11, 0), "cmoreau", "198.51.100.9", "Brazil")
	v.post(unloc.NewRequest(v.ctx, v.base+unloc.Vendor, "demo", v.secrets["UNLOC_CREDENTIALS"][len("demo:"):],
		unloc.AccessEvent{ID: "e-1", Action: "unlocked", LockName: "Front door", AppUserID: "+4712345678", Created: at(11, 30)}))
	v.post(loginradius.NewRequest(v.ctx, v.base+loginradius.Vendor, v.secrets["LOGINRADIUS_SECRETS"],
		loginradius.Hook{HookName: "login", Time: at(11, 45), Profile: &loginradius.Profile{UID: "c-7"}}))
	for i, user := range []string{"u-1045", "u-1000", "u-9999"} {
		v.relock(relock.SecurityAlert{UserID: user, AlertType: "suspicious_activity", Severity: "high", Timestamp: at(12, i)})
	}
	// Somebody wants to lock out a colleague, who then logs on at the usual desk.
	for i := range 12 {
		v.userlock("20", at(15, 0).Add(time.Duration(i)*time.Second), "efischer", "192.0.2.22", "Norway")
	}
	v.userlock("1", at(15, 1), "efischer", "192.0.2.25", "Norway")
}

func (v *vendors) userlock(code event.Text, at time.Time, user, address, country string) {
	v.post(userlock.NewRequest(v.ctx, v.base+userlock.Vendor, v.secrets["USERLOCK_IDS"], userlock.Notification{
		EventType: code, EventTime: at, UserAccount: `EXAMPLE\` + user, ClientAddress: address, Country: country,
	}))
}

func (v *vendors) relock(payload any) {
	v.post(relock.NewRequest(v.ctx, v.base+relock.Vendor, v.secrets["RELOCK_SECRETS"], payload))
}

func (v *vendors) post(r *http.Request, err error) {
	if v.err != nil || err != nil {
		v.err = cmp.Or(v.err, err)
		return
	}
	res, err := http.DefaultClient.Do(r)
	if err == nil {
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", r.URL, res.Status)
		}
	}
	v.sent++
	v.err = err
}
