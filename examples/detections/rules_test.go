package detections_test

import (
	"cmp"
	"slices"
	"time"
)

// externalAlert is rule eb079c62-4481-4d6e-9643-3ca499df7aaa of elastic/detection-rules,
// "External Alerts". Every alert becomes one of Elastic's, named by its message, with the
// severity that event.severity stands for.
func externalAlert(docs []document) []string {
	severities := map[string]string{"21": "low", "47": "medium", "73": "high", "99": "critical"}
	names := make(map[string]bool)
	for _, d := range docs {
		if d.is("event.kind", "alert") && !d.is("event.module", "endgame", "endpoint", "cloud_defend") {
			names[severities[d.text("event.severity")]+": "+d.text("message")] = true
		}
	}
	return found(names)
}

// The anomaly jobs of elastic/kibana's module security_auth, which rules of
// elastic/detection-rules run, learn what is usual: a stand-in for that follows each of
// their filters. Their buckets are quarters of an hour.
const bucket = 15 * time.Minute

func bucketOf(d document) time.Time { return d.time.Truncate(bucket) }

// failedLogons is what rule 99dcf974-6587-4f65-9252-d866a3fdfd9c, "Spike in Failed Logon
// Events", looks at: job auth_high_count_logon_fails.
func failedLogons(docs []document) []document {
	return where(docs, func(d document) bool {
		return d.is("event.category", "authentication") && d.is("event.outcome", "failure")
	})
}

// failedSpike says when there were many more than usual.
func failedSpike(docs []document) []string {
	return spikes(by(failedLogons(docs), bucketOf), func(t time.Time) string { return t.Format("Monday 15:04") })
}

// logons is what the jobs of the three rules below look at.
func logons(docs []document) []document {
	return where(docs, func(d document) bool {
		return d.is("event.category", "authentication") && d.is("event.outcome", "success")
	})
}

// sourceSpike is rule e26aed74-c816-40d3-a810-48d6fbd8b2fd, "Spike in Successful Logon
// Events from a Source IP": job auth_high_count_logon_events_for_a_source_ip.
func sourceSpike(docs []document) []string {
	type cell struct {
		source string
		time.Time
	}
	withSource := where(logons(docs), func(d document) bool { return d.text("source.ip") != "" })
	return spikes(by(withSource, func(d document) cell { return cell{d.text("source.ip"), bucketOf(d)} }),
		func(c cell) string { return c.source })
}

// spikes names the groups that are five times as large as the median.
func spikes[K comparable](groups map[K][]document, name func(K) string) []string {
	var sizes []int
	for _, g := range groups {
		sizes = append(sizes, len(g))
	}
	slices.Sort(sizes)
	names := make(map[string]bool)
	for key, g := range groups {
		if len(g) >= 5*sizes[len(sizes)/2] {
			names[name(key)] = true
		}
	}
	return found(names)
}

// enough is how often a user must have logged on before something is rare for him.
const enough = 5

// rareHour is rule 745b0119-0560-43ba-860a-7235dd8cee8d, "Unusual Hour for a User to
// Logon": job auth_rare_hour_for_a_user, by user.name. Rare is what is two hours from
// every other logon.
func rareHour(docs []document) []string {
	return rare(docs, func(a, b document) bool {
		between := (a.time.Sub(b.time)%day + day) % day
		return min(between, day-between) < 2*time.Hour
	})
}

const day = 24 * time.Hour

// rareSource is rule d4b73fa0-9d43-465e-b8bf-50230da6718b, "Unusual Source IP for a User
// to Logon from": job auth_rare_source_ip_for_a_user, by source.ip for each user.name.
func rareSource(docs []document) []string {
	return rare(where(docs, func(d document) bool { return d.text("source.ip") != "" }), func(a, b document) bool {
		return a.text("source.ip") == b.text("source.ip")
	})
}

// rare names the users with a logon that is like no other of theirs.
func rare(docs []document, like func(a, b document) bool) []string {
	names := make(map[string]bool)
	for user, all := range by(logons(docs), func(d document) string { return d.text("user.name") }) {
		if user == "" || len(all) <= enough {
			continue
		}
		for i, d := range all {
			alone := true
			for j, other := range all {
				alone = alone && (i == j || !like(d, other))
			}
			if alone {
				names[user] = true
			}
		}
	}
	return found(names)
}

// account is what the rules of Azure/Azure-Sentinel count by.
type account struct{ id, name, kind string }

func accountOf(d document) account {
	return account{d.text("TargetUserId"), d.text("TargetUsername"), d.text("TargetUserType")}
}

// periods groups documents by the runs of a rule that runs once in each period.
func periods(docs []document, period time.Duration) map[time.Time][]document {
	return by(docs, func(d document) time.Time { return d.time.Truncate(period) })
}

// bruteForce is rule a6c435a2-b1a0-466d-b730-9f8af69262e8 of Azure/Azure-Sentinel, "Brute
// force attack against user credentials": ten failures and a success within 20 minutes, in
// any order.
func bruteForce(docs []document) []string {
	names := make(map[string]bool)
	for _, run := range periods(docs, 20*time.Minute) {
		run = where(run, func(d document) bool { return !d.is("TargetUserType", "NonInteractive") })
		for a, group := range by(run, accountOf) {
			results := by(group, func(d document) string { return d.text("EventResult") })
			if len(results["Failure"]) >= 10 && len(results["Success"]) >= 1 {
				names[cmp.Or(a.name, a.id)] = true
			}
		}
	}
	return found(names)
}

// passwordSpray is rule 6a2e2ff4-5568-475e-bef2-b95f12b9367b of Azure/Azure-Sentinel,
// "Potential Password Spray Attack": more than 15 users from one address in 5 minutes. The
// published query has the address under SrcDvcIpAddr, a name that the schema no longer
// has. Its name now is SrcIpAddr.
func passwordSpray(docs []document) []string {
	wrong := where(docs, func(d document) bool {
		return d.is("EventType", "Logon") && d.is("EventResult", "Failure") &&
			d.is("EventResultDetails", "No such user or password", "Incorrect password")
	})
	names := make(map[string]bool)
	for _, run := range periods(wrong, 5*time.Minute) {
		for source, group := range by(run, func(d document) [2]string { return [2]string{d.text("SrcIpAddr"), d.text("SrcGeoCountry")} }) {
			if distinct(group, "TargetUserId") > 15 {
				names[source[0]] = true
			}
		}
	}
	return found(names)
}

// twoCountries is rule 09ec8fa2-b25f-4696-bfae-05a7b85d7b9e of Azure/Azure-Sentinel, "User
// login from different countries within 3 hours".
func twoCountries(docs []document) []string {
	located := where(docs, func(d document) bool {
		return d.is("EventType", "Logon") && d.is("EventResult", "Success") && d.text("SrcGeoCountry") != ""
	})
	names := make(map[string]bool)
	for _, run := range periods(located, 3*time.Hour) {
		for a, group := range by(run, accountOf) {
			if distinct(group, "SrcGeoCountry") >= 2 {
				names[cmp.Or(a.name, a.id)] = true
			}
		}
	}
	return found(names)
}

// bruteForceByUser is rule Standard.BruteForceByUser of panther-labs/panther-analysis: 20
// refused logons within an hour of the first, counted by the alert's title, which names
// the user. Its data model for these documents is three lines: a logon is refused if
// event.category has authentication and event.outcome is failure, actor_user is user.name,
// and source_ip is source.ip.
func bruteForceByUser(docs []document) []string {
	names := make(map[string]bool)
	for user, refused := range by(failedLogons(docs), func(d document) string { return d.text("user.name") }) {
		first, count := time.Time{}, 0
		for _, d := range refused {
			if d.time.Sub(first) >= time.Hour {
				first, count = d.time, 0
			}
			if count++; count >= 20 {
				names[user] = true
			}
		}
	}
	return found(names)
}

// bruteForceByIP is rule Standard.BruteForceByIP of panther-labs/panther-analysis. It
// counts by the user too; it looks the address up for the alert.
func bruteForceByIP(docs []document) []string {
	return bruteForceByUser(where(docs, func(d document) bool { return d.text("source.ip") != "" }))
}
