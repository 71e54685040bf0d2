// Package loginradiusapi manages the webhook subscriptions of a LoginRadius site.
//
//	client, err := loginradiusapi.New(loginradiusapi.Config{
//		APIKey:    event.NewSecret(os.Getenv("LOGINRADIUS_API_KEY")),
//		APISecret: event.NewSecret(os.Getenv("LOGINRADIUS_API_SECRET")),
//	})
//	…
//	const url = "https://hooks.example.com/webhooks/loginradius"
//	result, err := client.Ensure(ctx, []loginradiusapi.Subscription{
//		{Event: "Login", TargetURL: url, SecretName: "webhooks"},
//		{Event: "BlockAccount", TargetURL: url, SecretName: "webhooks"},
//	}, loginradiusapi.EnsureOptions{DryRun: true})
//	fmt.Print(result) // what would be done, and after a run without DryRun what was
//
// [Client.Ensure] is what most programs need: run it at each deployment. The other
// methods are one request each. Receive the events with package loginradius.
//
// # Credentials
//
// LoginRadius takes the API key and the API secret as parameters of the query. They are
// kept out of errors. A log of URLs, such as that of a proxy that ends TLS, would have
// them. The API secret can read and delete every account: call this package from where a
// deployment runs, not from the receiver, which needs a secondary secret with webhook
// access alone.
//
// Passwords, tokens, and the values of headers and query parameters of a subscription are
// event.Secrets. They are sent to LoginRadius in clear, and masked wherever else a
// [Subscription] is shown. A URL is not a secret: do not put a token into TargetURL. The
// query of a TargetURL is masked in errors and in the text of a [Result] nevertheless.
//
// # What is documented
//
// The paths are /v2/manage/webhooks and below. LoginRadius's older reference prints
// /v2/manage/webhook, without an s. The .NET and Java SDKs, which are newer, and the newer
// reference have the s, so this package has it as well.
//
// There are at most five subscriptions; see EnsureOptions.Limit. Event names are "Login"
// in one place and "login" in another, so they are compared without regard to case.
// Passwords come back empty.
//
// # What is inferred
//
//   - "Bearer" as the AuthType of a token: only "Basic" is shown.
//   - SecretName when a subscription is created: it is documented for updates and
//     answers. Name, SecretName and TargetURL in an update: only the newer reference has
//     them.
//   - What an update leaves out stays as it is. [Client.Ensure] looks whether that is so.
//   - An empty SecretName means the primary API secret.
//
// See https://www.loginradius.com/docs/developer/integrations/webhook/ and
// https://loginradius.com/docs/api/v2/integrations/webhooks.
package loginradiusapi
