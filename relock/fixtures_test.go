package relock_test

// Bodies after the shapes on Relock's page, with values of our own.
var fixtures = map[string][]byte{
	"authentication.success": []byte(`{"event":"authentication.success","data":{"userId":"u-ada","sessionId":"s-1001","deviceId":"d-77","timestamp":"2024-05-14T08:31:07Z","ipAddress":"192.0.2.10","userAgent":"ExampleBrowser/1.0","location":{"country":"NO","city":"Bergen","timezone":"Europe/Oslo"}}}`),
	"authentication.failed":  []byte(`{"event":"authentication.failed","data":{"userId":"u-ada","sessionId":"s-1002","timestamp":"2024-05-14T08:32:07.25Z","reason":"device_not_trusted","ipAddress":"2001:db8::7","userAgent":"ExampleBrowser/1.0","location":{"country":"NO","city":"Bergen","timezone":"Europe/Oslo"}}}`),
	"device.registered":      []byte(`{"event":"device.registered","data":{"deviceId":"d-78","userId":"u-ada","deviceInfo":{"name":"Ada's phone","type":"mobile","os":"ExampleOS 3","browser":"ExampleBrowser"},"timestamp":"2024-05-14T08:33:07Z","ipAddress":"192.0.2.11","location":{"country":"NO","city":"Bergen","timezone":"Europe/Oslo"}}}`),
	"device.revoked":         []byte(`{"event":"device.revoked","data":{"deviceId":"d-78","userId":"u-ada","reason":"user_requested","timestamp":"2024-05-14T08:34:07Z","revokedBy":"u-grace"}}`),
	"session.created":        []byte(`{"event":"session.created","data":{"sessionId":"s-1003","userId":"u-ada","deviceId":"d-77","timestamp":"2024-05-14T08:35:07Z","expiresAt":"2024-05-14T09:35:07Z","ipAddress":"192.0.2.10","userAgent":"ExampleBrowser/1.0"}}`),
	"session.ended":          []byte(`{"event":"session.ended","data":{"sessionId":"s-1003","userId":"u-ada","deviceId":"d-77","timestamp":"2024-05-14T09:05:07Z","reason":"user_logout","duration":1800}}`),
	"security.alert":         []byte(`{"event":"security.alert","data":{"alertId":"a-5","userId":"u-ada","alertType":"suspicious_activity","severity":"high","description":"Attempts from two places at once","timestamp":"2024-05-14T08:36:07Z","ipAddress":"198.51.100.4","location":{"country":"SE","city":"Lund","timezone":"Europe/Stockholm"},"details":{"attemptCount":7,"timeWindow":"10 minutes","locations":["NO","SE"]}}}`),
}

var unknownFixture = []byte(`{"event":"passkey.created","data":{"userId":"u-ada","timestamp":"2024-05-14T08:37:07Z","passkeyId":"p-1"},"version":2}`)
