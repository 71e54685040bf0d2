package userlock_test

import "github.com/accesshook/accesshook/verify/verifytest"

// Bodies after the columns of the vendor's table of logon events, with values of
// our own. The vendor's JSON is not public.
var fixtures = map[string][]byte{
	"logon":            body(`"EventType":1,"EventTime":"2024-05-14T08:31:07","UserAccount":"ada","UserDomain":"EXAMPLE","UserFullName":"Ada Example","ComputerName":"WKS007","ComputerSession":2,"Country":"NO","ClientName":"WKS007","ClientAddress":"192.0.2.10","SessionId":"5A1C00000012","SubSessionId":0,"Status":0`),
	"logoff":           body(`"EventType":0,"EventTime":"2024-05-14T17:02:44","UserAccount":"ada","UserDomain":"EXAMPLE","ComputerName":"WKS007","ClientAddress":"192.0.2.10"`),
	"lock":             body(`"EventType":2,"EventTime":"2024-05-14T12:00:01","UserAccount":"ada","SessionId":"5A1C00000012"`),
	"unlock":           body(`"EventType":3,"EventTime":"2024-05-14T12:30:01","UserAccount":"ada","SessionId":"5A1C00000012","SubSessionId":1`),
	"denied":           body(`"EventType":4,"EventTime":"2024-05-14T22:10:00","UserAccount":"ada","ComputerName":"WKS044","ClientAddress":"198.51.100.7"`),
	"denied by AD":     body(`"EventType":420,"EventTime":"2024-05-14T22:11:00","UserAccount":"ada","ComputerName":"TS01","ClientName":"LAPTOP7","ClientAddress":"198.51.100.4","LogonInfo":"unknown user name or bad password"`),
	"Wi-Fi logon":      body(`"EventType":201,"EventTime":"2024-05-15T07:55:12","UserAccount":"grace","ComputerName":"NPS01","ClientAddress":"00:1B:44:11:3A:B7"`),
	"other names":      []byte(`{"UserLock ID":"` + verifytest.Placeholder + `","eventType":"Logon","eventTime":"/Date(1715675467000)/","userName":"EXAMPLE\\ada","computerName":"WKS007","ipAddress":"192.0.2.10","sessionType":"Workstation","subSessionId":"0","futureField":{"a":1}}`),
	"a name of no use": []byte(`{"X":"` + verifytest.Placeholder + `","EventType":6,"EventTime":"2024-05-14T08:31:07Z","UserAccount":"ada"}`),
}

var unknownFixture = body(`"EventType":777,"EventTime":"2024-05-14T08:31:07","UserAccount":"ada"`)

func body(members string) []byte {
	return []byte(`{"UserLockId":"` + verifytest.Placeholder + `",` + members + `}`)
}
