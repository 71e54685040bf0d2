// Package cloudeventsdk tests that the official Go SDK of CloudEvents reads what package
// cloudevent writes, and the other way round. The root module does without the SDK.
package cloudeventsdk
