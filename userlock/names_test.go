package userlock_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

type extra = map[string]json.RawMessage

func TestNames(t *testing.T) {
	for name, members := range map[string]string{
		"columns":          `"UserAccount":"ada","UserDomain":"EXAMPLE","ComputerName":"W7","ClientAddress":"192.0.2.1","SessionId":"5","EventType":3`,
		"other order":      `"EventType":3,"SessionId":"5","ClientAddress":"192.0.2.1","ComputerName":"W7","UserDomain":"EXAMPLE","UserAccount":"ada"`,
		"camel case":       `"userAccount":"ada","userDomain":"EXAMPLE","computerName":"W7","clientAddress":"192.0.2.1","sessionId":"5","eventType":3`,
		"snake case":       `"user_account":"ada","user_domain":"EXAMPLE","computer_name":"W7","client_address":"192.0.2.1","session_id":"5","event_type":3`,
		"words":            `"User Account":"ada","User-Domain":"EXAMPLE","COMPUTER NAME":"W7","Client Address:":"192.0.2.1","Session ID":"5","Event Type":3`,
		"other words":      `"userName":"EXAMPLE\\ada","machine":"W7","ipAddress":"192.0.2.1","session":"5","event":"unlock"`,
		"numbers as texts": `"login":"EXAMPLE\\ada","workstation":"W7","ip":"192.0.2.1","sessionid":5,"type":"3"`,
		"escaped":          `"\u0055serAccount":"ada","UserDomain":"EXAMPLE","Computer\u004eame":"W7","ClientAddress":"192.0.2.1","SessionId":"5","EventType":3`,
	} {
		e, n := decode(t, members)
		assert.Equal(t, "ada", e.User.Name, name)
		assert.Equal(t, "EXAMPLE", e.User.Domain, name)
		assert.Equal(t, "W7", e.Device.Name, name)
		assert.Equal(t, "192.0.2.1", e.Client.Address.String(), name)
		assert.Equal(t, "5", e.Session.ID, name)
		assert.Equal(t, event.SessionUnlocked, e.Type, name)
		assert.Empty(t, n.Extra, name)
		warned(t, e, name)
	}
}

// Of two names for one field one wins, wherever it stands. What the other says is
// kept, unless its name is the one that the field is encoded as.
func TestTwoNamesForOneField(t *testing.T) {
	for name, test := range map[string]struct {
		members string
		account string
		kept    extra
		at      string // of the warning: the later one
	}{
		"column first":         {`"UserAccount":"ada","user":"grace"`, "ada", extra{"user": []byte(`"grace"`)}, "/user"},
		"column last":          {`"user":"grace","UserAccount":"ada"`, "ada", extra{"user": []byte(`"grace"`)}, "/UserAccount"},
		"in the table's order": {`"user":"grace","account":"ada"`, "ada", extra{"user": []byte(`"grace"`)}, "/account"},
		"three":                {`"user":"grace","account":"eve","UserAccount":"ada"`, "ada", extra{"user": []byte(`"grace"`), "account": []byte(`"eve"`)}, "/account"},
		"the column spelled":   {`"UserAccount":"ada","user_account":"grace"`, "ada", extra{"user_account": []byte(`"grace"`)}, "/user_account"},
		"spelled in two ways":  {`"user_account":"grace","User Account":"ada"`, "ada", extra{"user_account": []byte(`"grace"`)}, "/User Account"},
		"another type":         {`"UserAccount":true,"user":"grace"`, "grace", nil, "/user"},
		"another type, last":   {`"user":"grace","UserAccount":true`, "grace", nil, "/UserAccount"},
		"another type, kept":   {`"account":["ada"],"user":"grace"`, "grace", extra{"account": []byte(`["ada"]`)}, "/user"},
		"unfit":                {`"account":{"n":"ada"},"user":"grace"`, "grace", extra{"account": []byte(`{"n":"ada"}`)}, "/account"},
		"unfit, last":          {`"user":"grace","account":{"n":"ada"}`, "grace", extra{"account": []byte(`{"n":"ada"}`)}, "/account"},
		"unfit column":         {`"UserAccount":{"n":"ada"},"user":"grace"`, "grace", nil, "/UserAccount"},
	} {
		t.Run(name, func(t *testing.T) {
			e, n := decode(t, test.members)
			assert.Equal(t, test.account, n.UserAccount)
			assert.Empty(t, cmp.Diff(test.kept, n.Extra, cmpopts.EquateEmpty()))
			assert.True(t, slices.ContainsFunc(e.Warnings, func(w event.Warning) bool { return w.Path == test.at }), "%v", e.Warnings)
		})
	}
	e, n := decode(t, `"time":"2026-01-02T03:04:05Z","EventTime":"yesterday"`)
	assert.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), n.EventTime)
	warned(t, e, "unfit time", event.Warning{Path: "/EventTime", Want: "time", Got: "string"})
}

// What is null, empty or never says nothing, and is no reason for a warning.
func TestNamesThatSayNothing(t *testing.T) {
	for _, value := range []string{`null`, `""`} {
		for _, members := range []string{
			`"UserAccount":` + value + `,"user":"grace","EventType":` + value + `,"event":"Denied"`,
			`"user":"grace","UserAccount":` + value + `,"event":"Denied","EventType":` + value,
		} {
			e, n := decode(t, members)
			assert.Equal(t, "grace", e.User.Name, members)
			assert.Equal(t, event.AuthenticationFailed, e.Type, members)
			assert.Empty(t, n.Extra, members)
			warned(t, e, members)
		}
	}
	e, n := decode(t, `"time":"2026-01-02T03:04:05Z","EventTime":"0001-01-01T00:00:00"`)
	assert.False(t, n.EventTime.IsZero())
	warned(t, e, "never")
}

// Two readers could understand a repeated name differently. So it is refused before
// the body is authenticated; otherwise the last value counts.
func TestRepeatedNames(t *testing.T) {
	const repeated = `{"UserLockId":"` + primary + `","UserAccount":"ada","UserAccount":"grace","UserAccount":null,"x":1,"x":2}`
	_, err := check(t, userlock.Config{}, repeated)
	assert.ErrorIs(t, err, verify.ErrUnauthenticated)
	_, err = check(t, userlock.Config{}, `{"UserLockId":"`+primary+`","UserAccount":"ada","\u0055serAccount":"grace"}`)
	assert.ErrorIs(t, err, verify.ErrUnauthenticated, "another spelling")

	e, err := userlock.Decode([]byte(repeated))
	require.NoError(t, err)
	assert.Equal(t, "grace", e.User.Name)
	assert.Equal(t, "2", string(e.Payload.(*userlock.Notification).Extra["x"]))
	assert.Equal(t, event.Warning{Path: "/UserAccount", Want: "unique name", Got: "repeated"}, e.Warnings[0])
	roundTrip(t, e)
}

func TestAliases(t *testing.T) {
	c := userlock.Config{Aliases: map[string]string{
		"Utilisateur": "UserAccount", "Évènement": "EventType", "user": "UserFullName", "UserDomain": "computer name",
	}}
	e, n := decodeAs(t, c, `"utilisateur":"ada","Évènement":2,"User":"Ada Example","UserAccount":"grace","UserDomain":"W7"`)
	assert.Equal(t, "ada", n.UserAccount, "an alias wins over what is known, wherever it stands")
	assert.Equal(t, event.SessionLocked, e.Type)
	assert.Equal(t, "Ada Example", n.UserFullName)
	assert.Equal(t, "W7", n.ComputerName)
	warned(t, e, "two names", event.Warning{Path: "/UserAccount", Want: "unique name", Got: "repeated"})
	_, n = decodeAs(t, c, `"UserAccount":"grace","utilisateur":"ada"`)
	assert.Equal(t, "ada", n.UserAccount)
}

// Encoded, what an alias made of a name is read without aliases.
func TestAliasesThatRedefineNames(t *testing.T) {
	c := userlock.Config{Aliases: map[string]string{"user": "UserFullName", "who": "UserFullName", "domain": "EventTime", "login": "UserLockId"}}
	_, n := decodeAs(t, c, `"user":"Ada","who":"Ada Example","domain":"EXAMPLE","login":"ada"`)
	assert.Equal(t, "Ada Example", n.UserFullName, "the last alias")
	assert.Empty(t, n.Extra, "without aliases these would be the account and the domain")
	_, n = decodeAs(t, c, `"domain":{"name":"EXAMPLE"}`)
	assert.Empty(t, n.Extra)
}

func TestAliasesRefused(t *testing.T) {
	for _, aliases := range []map[string]string{{"Utilisateur": "NoSuchField"}, {"": "UserAccount"}, {"--": "UserAccount"}, {strings.Repeat("x", 65): "UserAccount"}} {
		_, err := userlock.New(userlock.Config{IDs: event.Secrets(primary), Aliases: aliases})
		assert.ErrorContains(t, err, "Aliases")
	}
	// Maps have no order: of two fields for one name, chance would choose.
	c := userlock.Config{IDs: event.Secrets(primary), Aliases: map[string]string{"who is": "UserAccount", "Who_Is": "UserFullName"}}
	_, err := userlock.New(c)
	assert.EqualError(t, err, `userlock: Config.Aliases: "Who_Is" and "who is" are one name, for two fields`)
	c.Aliases["Who_Is"] = "user account"
	_, err = userlock.New(c)
	assert.NoError(t, err, "the same field twice")
}

// Whatever names come for whatever fields, in whatever order, what was decoded can be
// encoded and decoded again.
func TestAnyNames(t *testing.T) {
	names := []string{
		"UserLockId", "userLockId", "ServerGuid", "guid", "EventType", "event", "type", "event_type", "EventTime", "time", "date", "Event Time",
		"UserAccount", "user", "user_account", "login", "UserDomain", "domain", "ClientAddress", "ip", "LogonInfo", "message", "x", "who", "when", "",
	}
	values := []string{
		`null`, `""`, `"ada"`, `"EXAMPLE\\ada"`, `"` + other + `"`, `"7c9e6679-****-****-****-************"`, `"2024-05-14T08:31:07Z"`, `"yesterday"`, `"192.0.2.1"`,
		`1`, `4.0`, `1715675467`, `true`, `{}`, `{"a":1}`, `[]`, `["ada"]`, `["2024-05-14T08:31:07Z"]`, `[1,2]`, `"[1]"`,
	}
	hooks := []*verify.Endpoint{newHook(t, userlock.Config{}), newHook(t, userlock.Config{Aliases: map[string]string{
		"who": "UserAccount", "when": "EventTime", "user": "EventTime", "domain": "UserAccount", "x": "UserLockId", "ip": "EventType", "time": "UserAccount",
	}})}
	random := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		var members []string
		for _, name := range names[:random.IntN(8)] {
			members = append(members, fmt.Sprintf("%q:%s", name, values[random.IntN(len(values))]))
		}
		body := `{` + strings.Join(members, ",") + `}`
		e, err := userlock.Decode([]byte(body))
		require.NoError(t, err, body)
		roundTrip(t, e)
		members = append(members, `"Key":"`+primary+`"`)
		body = `{` + strings.Join(members, ",") + `}`
		for _, hook := range hooks {
			e, err := hook.Check(post(), []byte(body))
			require.NoError(t, err, body)
			roundTrip(t, e)
			assert.Equal(t, userlock.ServerID("7c9e6679"), e.Payload.(*userlock.Notification).ServerID, body)
		}
	}
}

// FieldOf tells what the decoder does.
func TestFieldOf(t *testing.T) {
	for name, want := range map[string]string{
		"UserAccount": "UserAccount", "user_name": "UserAccount", "Session ID": "SessionId", "TS-Session-Id": "ComputerSession",
		"ip": "ClientAddress", "reason": "LogonInfo", "UserLock ID": "UserLockId", "ServerGuid": "UserLockId",
		"": "", "Utilisateur": "", "ServerID2": "", strings.Repeat("user", 20): "",
	} {
		field, ok := userlock.FieldOf(name)
		assert.Equal(t, want, field, name)
		assert.Equal(t, want != "", ok, name)
		if field == "" || field == "UserLockId" {
			continue
		}
		value := `"5"`
		body, err := json.Marshal(map[string]json.RawMessage{name: []byte(value)})
		require.NoError(t, err)
		e, err := userlock.Decode(body)
		require.NoError(t, err)
		encoded, err := json.Marshal(e.Payload)
		require.NoError(t, err)
		assert.Equal(t, `{"`+field+`":`+value+`}`, string(encoded))
		_, err = userlock.New(userlock.Config{IDs: event.Secrets(primary), Aliases: map[string]string{"Alias": field}})
		assert.NoError(t, err)
	}
}
