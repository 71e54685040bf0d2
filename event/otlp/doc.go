// Package otlp writes events as log records of OpenTelemetry, which Splunk, Elastic,
// Microsoft Sentinel, Datadog, Grafana and most other log systems take.
//
// A service that has the OpenTelemetry SDK emits them through it:
//
//	mux.Handle("/webhooks/relock", hook.Handler(otlp.Handler(provider))) // a log.LoggerProvider
//
// One that has not sends the same records itself, over HTTP. [AppendRequest]
// writes the body of a POST to /v1/logs, of type application/x-protobuf:
//
//	record, err := otlp.Append(nil, e)
//	…
//	body := otlp.AppendRequest(nil, otlp.Resource{"service.name": "gate"}, record)
//
// # The record
//
//	EventName          "accesshook.<Type>", such as accesshook.session.started
//	Timestamp          Event.Time
//	ObservedTimestamp  Event.Received, or now if it is zero, or before 1970
//	                   or after 2262 and has no place there
//	SeverityNumber     INFO for info, INFO2 for low, WARN for medium, ERROR for high,
//	                   FATAL for critical, left out for unknown
//	SeverityText       Event.Severity, left out for unknown
//	Body               one English sentence for people
//
// Attributes have the names of the semantic conventions, version 1.43.0, where these have
// one. A field that is empty has no attribute:
//
//	log.record.uid            "<Vendor>/<Source>/<ID>", equal if the event is sent again
//	user.id                   User.ID
//	user.name                 User.Name
//	user.full_name            User.FullName
//	user.email                User.Email
//	session.id                Session.ID
//	device.id                 Device.ID
//	host.name                 Device.Name for UserLock, where it is the computer
//	os.description            Device.OS
//	user_agent.name           Device.Browser
//	user_agent.original       Client.UserAgent
//	client.address            Client.Address
//	geo.country.iso_code      Location.CountryCode
//	geo.locality.name         Location.City
//
// and these, which are strings but for the duration:
//
//	accesshook.id             accesshook.vendor         accesshook.source
//	accesshook.type           accesshook.vendor_type    accesshook.outcome
//	accesshook.reason
//	accesshook.user.domain    accesshook.user.phone
//	accesshook.session.type   accesshook.session.expires (RFC 3339)
//	accesshook.session.duration (a double, in seconds)
//	accesshook.device.name    accesshook.device.type
//	accesshook.lock.id        accesshook.lock.name      accesshook.lock.key_id
//	accesshook.client.mac     accesshook.client.name
//	accesshook.location.country                         accesshook.location.timezone
//	accesshook.time           Event.Time (RFC 3339), if it is before 1970 or after 2262 and
//	                          has no place in Timestamp
//
// Payload, Raw and Warnings are left out, so no secret of a vendor's body is in a record.
// Strings are as the vendor sent them, invisible characters included, but for bytes that
// are not UTF-8. Each of these becomes U+FFFD.
//
// See https://opentelemetry.io/docs/specs/otel/logs/data-model/ and
// https://github.com/open-telemetry/semantic-conventions/tree/v1.43.0/docs/registry/attributes.
package otlp
