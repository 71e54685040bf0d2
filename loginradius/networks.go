package loginradius

import "slices"

// PublishedNetworksDate is when LoginRadius published what [PublishedNetworks]
// returns.
const PublishedNetworksDate = "2023-06-21"

// PublishedNetworks returns the addresses from which LoginRadius says that it
// connects to other services, by region: the United States, Canada, Europe, the United
// Kingdom, Singapore, Hong Kong. Webhooks are not named, and the list is as old as
// [PublishedNetworksDate].
//
// Use it with Config.Endpoint.AllowFromReport, which only logs. LoginRadius may move,
// and what AllowFrom refuses never comes again: alert on every 403 if you use that.
//
// See https://www.loginradius.com/docs/security/infrastructure/ip-addresses-list/.
func PublishedNetworks() []string { return slices.Clone(publishedNetworks) }

var publishedNetworks = []string{
	"54.92.157.147", "52.0.146.28", "18.233.46.237", "18.220.251.170", "13.58.47.50",
	"3.97.82.98", "3.98.195.159",
	"108.128.183.194", "108.128.182.88",
	"35.177.174.5", "3.8.226.58",
	"18.138.167.131", "18.136.228.214",
	"18.166.222.210", "43.198.4.171", "43.198.123.252",
}
