package ocsf_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/ocsf"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/internal/encodertest/ocsfschema"
)

// The check finds every kind of fault in a document.
func TestCheckFindsFaults(t *testing.T) {
	s := ocsfschema.Read(t)
	texts := make(map[string]string)
	for _, c := range encodertest.Cases(t) {
		b, err := ocsf.Append(nil, c.Event)
		require.NoError(t, err)
		texts[c.Name] = string(b)
	}
	const (
		logon   = "userlock/420"
		alert   = "relock/security.alert"
		device  = "relock/device.registered"
		account = "loginradius/blockaccount"
		unknown = "userlock/777"
	)
	for _, tt := range []struct{ name, old, new, want string }{
		{logon, `"class_uid":3002`, `"class_uid":3`, "no such class_uid"},
		{logon, `"class_uid":3002`, `"class_uid":"3002"`, "no such class_uid"},
		{logon, `"activity_id":1`, `"activity_id":8`, "activity_id is not one of the values"},
		{logon, `"activity_id":1`, `"activity_id":2`, "type_uid is 300201, want 300202"},
		{logon, `"type_uid":300201`, `"type_uid":300202`, "type_uid is 300202, want 300201"},
		{logon, `"type_name":"Authentication: Logon"`, `"type_name":"Logon"`, "type_name is Logon"},
		{logon, `"category_uid":3`, `"category_uid":2`, "category_uid is 2, want 3"},
		{logon, `"activity_name":"Logon"`, `"activity_name":"Log in"`, `activity_id has the activity_name "Log in"`},
		{logon, `"severity":"Medium"`, `"severity":"medium"`, `severity_id has the severity "medium"`},
		{logon, `"status_id":2`, `"status_id":3`, "status_id is not one of the values"},
		{logon, `"severity_id":3,`, ``, "severity_id is required"},
		{logon, `"version":"1.8.0"`, `"version":"1.7.0"`, "metadata.version is not 1.8.0"},
		{logon, `"version":"1.8.0",`, ``, "metadata.version is required"},
		{logon, `"product":{`, `"products":{`, "metadata.product is required"},
		{logon, `"product":{`, `"products":{`, "metadata.products is no attribute of metadata"},
		{logon, `"product":{"name":"UserLock",`, `"product":{`, "metadata.product has 0 of at_least_one"},
		{logon, `"dst_endpoint":{"hostname":"DESK-21"},`, ``, "has 0 of at_least_one"},
		{logon, `"dst_endpoint":{"hostname":"DESK-21"}`, `"dst_endpoint":{"mac":"00:1b:44:11:3a:b7"}`, "dst_endpoint has 0 of at_least_one"},
		{logon, `"dst_endpoint":{"hostname":"DESK-21"}`, `"dst_endpoint":"DESK-21"`, "dst_endpoint is no object"},
		{logon, `"dst_endpoint":{"hostname":"DESK-21"}`, `"dst_endpoint":{}`, "dst_endpoint is no object"},
		{logon, `"user":{"name":"aokoye",`, `"user":{`, "user has 0 of at_least_one"},
		{logon, `"user":{"name":"aokoye",`, `"user":{"name":7,`, "user.name is no string"},
		{logon, `"user":{"name":"aokoye",`, `"user":{"name":"",`, "user.name is no string"},
		{logon, `"user":{"name":"aokoye",`, `"user":{"login":"a","name":"aokoye",`, "user.login is no attribute of user"},
		{logon, `"user":{"name":"aokoye",`, `"user":{"credential_uid":"a","name":"aokoye",`, "user.credential_uid is deprecated"},
		{logon, `"user":{"name":"aokoye",`, `"user":{"email_addr":"a","name":"aokoye",`, "user.email_addr is no email_t"},
		{logon, `"user":{"name":"aokoye",`, `"privileges":["a"],"user":{"name":"aokoye",`, "privileges is no attribute of authentication"},
		{logon, `"user":{"name":"aokoye",`, `"device":{"name":"a","type_id":0},"user":{"name":"aokoye",`, "device is no attribute of authentication"},
		{logon, `"ip":"192.0.2.21"`, `"ip":"192.0.2.321"`, "src_endpoint.ip is no ip_t"},
		{logon, `"hostname":"LAPTOP-7"`, `"mac":"00:1b:44:11:3a"`, "src_endpoint.mac is no mac_t"},
		{logon, `"is_remote":true`, `"is_remote":1`, "is_remote is no boolean"},
		{logon, `"time":`, `"time":0.5,"x":`, "time is no long_t"},
		{logon, `"time":`, `"time":"2026-05-14T08:31:07Z","x":`, "time is no long_t"},
		{logon, `"time":1778747467250`, `"time":1778747467250000000`, "time is no time in milliseconds"},
		{logon, `"logon_type_id":10,"logon_type":"Remote Interactive"`, `"logon_type_id":99`, "logon_type_id has no logon_type of its own"},
		{logon, `"logon_type_id":10,"logon_type":"Remote Interactive"`, `"logon_type_id":99,"logon_type":"Other"`, "logon_type_id has no logon_type of its own"},
		{logon, `"observables":[`, `"observables":{},"x":[`, "observables is no array"},
		{logon, `"name":"user.name"`, `"name":"user.names"`, "observables[0].name is not in the document"},
		{logon, `"name":"user.name"`, `"name":"user.domain"`, "observables[0].value is not that of user.domain"},
		{logon, `"name":"user.name","type_id":4`, `"name":"user.name","type_id":2`, "observables[0].type_id is 2, want 4"},
		{logon, `"type":"User Name"`, `"type":"User"`, "observables[0].type is User, want User Name"},
		{logon, `"unmapped":{`, `"unmapped":[],"x":{`, "unmapped is no object"},
		{alert, `"finding_info":{"uid":`, `"finding_info":{"id":`, "finding_info.uid is required"},
		{alert, `"status_id":1,"status":"New"`, `"status_id":1,"status":"Success"`, `status_id has the status "Success"`},
		{alert, `"evidences":[{"user"`, `"evidences":[{"users"`, "evidences[0].users is no attribute of evidences"},
		{alert, `"evidences":[{`, `"evidences":[],"x":[{`, "evidences is no array"},
		{alert, `evidences[0].user.uid`, `evidences[1].user.uid`, "observables[0].name is not in the document"},
		{device, `"device":{"uid":"d-12","name":"Pocket phone",`, `"device":{`, "entity.device has 0 of at_least_one"},
		{device, `"type_id":5,"type":"Mobile",`, ``, "entity.device.type_id is required"},
		{device, `"os":{"name":"ExampleOS 3",`, `"os":{`, "entity.device.os.name is required"},
		{account, `"user":{`, `"users":{`, "user is required"},
		{unknown, `"profiles":["host"],`, ``, "device is no attribute of base_event"},
	} {
		broken := strings.Replace(texts[tt.name], tt.old, tt.new, 1)
		require.NotEqual(t, texts[tt.name], broken, tt.old)
		var d map[string]any
		require.NoError(t, json.Unmarshal([]byte(broken), &d), broken)
		assert.Contains(t, strings.Join(s.Check(d), "\n"), tt.want, "%s for %s", tt.new, tt.old)
	}
	d := map[string]any{
		"class_uid": 3003., "privileges": []any{"a"}, "group": map[string]any{"name": "g"},
	}
	assert.Contains(t, strings.Join(s.Check(d), "\n"), "has 2 of just_one")
}
