package main_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/relock"
)

func TestExitStatus(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "canary-is-not-there")
	gap := gatewaytest.WriteFile(t, "canary-1\n\ncanary-2\n")
	padded := gatewaytest.WriteFile(t, "canary-1 \n")
	empty := gatewaytest.WriteFile(t, "")
	short := gatewaytest.WriteFile(t, "canary-01234567")
	blankEnd := gatewaytest.WriteFile(t, "canary-1\n\n")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()

	for name, test := range map[string]struct {
		env    []string
		args   []string
		status int
		says   []string
	}{
		"nothing configured": {
			status: 2,
			says:   []string{"USERLOCK_IDS", "UNLOC_CREDENTIALS", "RELOCK_SECRETS", "LOGINRADIUS_SECRETS", "ADMIN_CREDENTIALS", "_FILE", "-demo"},
		},
		"unknown flag":        {args: []string{"-port", "80"}, status: 2, says: []string{"-port", "See gateway -help"}},
		"bad flag value":      {args: []string{"-demo=perhaps"}, status: 2, says: []string{"-demo"}},
		"argument":            {args: []string{"-demo", "now"}, status: 2, says: []string{"arguments", "See gateway -help"}},
		"empty address":       {args: []string{"-demo", "-addr", ""}, status: 2, says: []string{"-addr is empty"}},
		"open admin address":  {args: []string{"-demo", "-admin-addr", "0.0.0.0:0"}, status: 2, says: []string{"-admin-addr", "not a loopback", "ADMIN_CREDENTIALS"}},
		"every admin address": {args: []string{"-demo", "-admin-addr", ":0"}, status: 2, says: []string{"-admin-addr", "not a loopback"}},
		"no admin password":   {env: []string{"ADMIN_CREDENTIALS="}, args: []string{"-demo", "-admin-addr", ":0"}, status: 2, says: []string{"ADMIN_CREDENTIALS: entry 1 is empty"}},
		"admin, no colon":     {env: []string{"ADMIN_CREDENTIALS=canary"}, args: []string{"-demo"}, status: 2, says: []string{"ADMIN_CREDENTIALS: entry 1 has no colon"}},
		"admin, no user":      {env: []string{"ADMIN_CREDENTIALS=:canary"}, args: []string{"-demo"}, status: 2, says: []string{"ADMIN_CREDENTIALS: ", "User"}},
		"admin, white space":  {env: []string{"ADMIN_CREDENTIALS_FILE=" + gatewaytest.WriteFile(t, "ops:canary \n")}, args: []string{"-demo"}, status: 2, says: []string{"ADMIN_CREDENTIALS_FILE: ", "white space"}},
		"admin, both":         {env: []string{"ADMIN_CREDENTIALS=ops:canary", "ADMIN_CREDENTIALS_FILE=" + gap}, args: []string{"-demo"}, status: 2, says: []string{"ADMIN_CREDENTIALS and ADMIN_CREDENTIALS_FILE"}},
		"no admin port":       {args: []string{"-demo", "-admin-addr", "127.0.0.1"}, status: 2, says: []string{"-admin-addr", "missing port"}},
		"admin port taken":    {args: []string{"-demo", "-admin-addr", taken.Addr().String()}, status: 1, says: []string{"cannot listen"}},
		"certificate, no key": {args: []string{"-demo", "-tls-cert", gap}, status: 2, says: []string{"-tls-cert and -tls-key"}},
		"key, no certificate": {args: []string{"-demo", "-tls-key", gap}, status: 2, says: []string{"-tls-cert and -tls-key"}},
		"demo over HTTPS":     {args: []string{"-demo", "-tls-cert", gap, "-tls-key", gap}, status: 2, says: []string{"-demo"}},
		"not a certificate": {
			env: gatewaytest.WithRelock, args: []string{"-tls-cert", gap, "-tls-key", gap}, status: 2,
			says: []string{"-tls-cert, -tls-key: ", "PEM"},
		},
		"negative body":     {args: []string{"-demo", "-max-body", "-1"}, status: 2, says: []string{"-max-body is not"}},
		"no body timeout":   {args: []string{"-demo", "-body-timeout", "0s"}, status: 2, says: []string{"-body-timeout is not"}},
		"no time":           {args: []string{"-demo", "-handler-timeout", "0s"}, status: 2, says: []string{"-handler-timeout is not"}},
		"too much time":     {args: []string{"-demo", "-handler-timeout", "61m"}, status: 2, says: []string{"-handler-timeout is not"}},
		"small header":      {args: []string{"-demo", "-max-header", "1023"}, status: 2, says: []string{"-max-header is not between 1024 and 1048576"}},
		"large header":      {args: []string{"-demo", "-max-header", "1048577"}, status: 2, says: []string{"-max-header is not"}},
		"no header time":    {args: []string{"-demo", "-header-timeout", "0s"}, status: 2, says: []string{"-header-timeout is not"}},
		"no answer time":    {args: []string{"-demo", "-answer-timeout", "-1s"}, status: 2, says: []string{"-answer-timeout is not"}},
		"long answer time":  {args: []string{"-demo", "-answer-timeout", "61m"}, status: 2, says: []string{"-answer-timeout is not"}},
		"no idle time":      {args: []string{"-demo", "-idle-timeout", "0"}, status: 2, says: []string{"-idle-timeout is not"}},
		"negative memory":   {args: []string{"-demo", "-dedupe", "-1s"}, status: 2, says: []string{"-dedupe is less than 0s"}},
		"memory, no unit":   {args: []string{"-demo", "-dedupe", "24"}, status: 2, says: []string{"-dedupe"}},
		"negative rate":     {args: []string{"-demo", "-rate", "-1"}, status: 2, says: []string{"-rate is less than 0"}},
		"no rate time":      {args: []string{"-demo", "-rate-per", "0s"}, status: 2, says: []string{"-rate-per is less than 1ms"}},
		"no clients":        {args: []string{"-demo", "-rate-clients", "0"}, status: 2, says: []string{"-rate-clients is not between 1 and 1048576"}},
		"many clients":      {args: []string{"-demo", "-rate-clients", "1048577"}, status: 2, says: []string{"-rate-clients is not"}},
		"time, no rate":     {args: []string{"-demo", "-rate", "0", "-rate-per", "1m"}, status: 2, says: []string{"-rate-per has no effect"}},
		"every, no rate":    {args: []string{"-demo", "-rate", "0", "-rate-every-request"}, status: 2, says: []string{"-rate-every-request has no effect"}},
		"clients, no rate":  {args: []string{"-demo", "-rate", "0", "-rate-clients", "9"}, status: 2, says: []string{"-rate-clients has no effect"}},
		"negative age":      {args: []string{"-demo", "-max-age", "-1s"}, status: 2, says: []string{"-max-age is less than 0s"}},
		"negative future":   {args: []string{"-demo", "-max-future", "-1s"}, status: 2, says: []string{"-max-future is less than 0s"}},
		"no entries":        {args: []string{"-demo", "-dedupe-entries", "0"}, status: 2, says: []string{"-dedupe-entries is not between 1 and 16777216"}},
		"many entries":      {args: []string{"-demo", "-dedupe-entries", "16777217"}, status: 2, says: []string{"-dedupe-entries is not"}},
		"entries, off":      {args: []string{"-demo", "-dedupe", "0", "-dedupe-entries", "9"}, status: 2, says: []string{"-dedupe-entries has no effect with -dedupe 0"}},
		"entries, store":    {args: []string{"-demo", "-data", "x", "-dedupe-entries", "9"}, status: 2, says: []string{"-dedupe-entries has no effect with -data"}},
		"negative bytes":    {args: []string{"-demo", "-queue", "1", "-queue-bytes", "-1"}, status: 2, says: []string{"-queue-bytes is less than 0"}},
		"few bytes":         {args: []string{"-demo", "-queue", "1", "-queue-bytes", "1048575"}, status: 2, says: []string{"-queue-bytes is less than 1048576"}},
		"bytes of a body":   {args: []string{"-demo", "-queue", "1", "-queue-bytes", "999", "-max-body", "1000"}, status: 2, says: []string{"-queue-bytes is less than 1000"}},
		"bytes, no queue":   {args: []string{"-demo", "-queue-bytes", "9000000"}, status: 2, says: []string{"-queue-bytes has no effect"}},
		"negative queue":    {args: []string{"-demo", "-queue", "-1"}, status: 2, says: []string{"-queue is not"}},
		"endless queue":     {args: []string{"-demo", "-queue", "1048577"}, status: 2, says: []string{"-queue is not"}},
		"no workers":        {args: []string{"-demo", "-queue", "1", "-queue-workers", "0"}, status: 2, says: []string{"-queue-workers is not"}},
		"many workers":      {args: []string{"-demo", "-queue", "1", "-queue-workers", "1025"}, status: 2, says: []string{"-queue-workers is not"}},
		"no such order":     {args: []string{"-demo", "-queue", "1", "-queue-order", "time"}, status: 2, says: []string{"-queue-order is not"}},
		"negative retries":  {args: []string{"-demo", "-queue", "1", "-retries", "-1"}, status: 2, says: []string{"-retries is not"}},
		"many retries":      {args: []string{"-demo", "-queue", "1", "-retries", "101"}, status: 2, says: []string{"-retries is not"}},
		"workers, no queue": {args: []string{"-demo", "-queue-workers", "8"}, status: 2, says: []string{"-queue-workers has no effect"}},
		"order, no queue":   {args: []string{"-demo", "-queue-order", "user"}, status: 2, says: []string{"-queue-order has no effect"}},
		"retries, no queue": {args: []string{"-demo", "-queue", "0", "-retries", "4"}, status: 2, says: []string{"-retries has no effect"}},
		"two stores":        {args: []string{"-demo", "-data", "x", "-nats", "nats://localhost"}, status: 2, says: []string{"-data and -nats exclude"}},
		"store and queue":   {args: []string{"-demo", "-data", "x", "-queue", "1"}, status: 2, says: []string{"-queue holds events in memory"}},
		"NATS and queue":    {args: []string{"-demo", "-nats", "nats://localhost", "-queue", "1"}, status: 2, says: []string{"-queue holds events in memory"}},
		"empty directory":   {args: []string{"-demo", "-data", ""}, status: 2, says: []string{"-data is empty"}},
		"empty NATS":        {args: []string{"-demo", "-nats", ""}, status: 2, says: []string{"-nats is empty"}},
		"store forgets":     {args: []string{"-demo", "-data", "x", "-dedupe", "0"}, status: 2, says: []string{"-dedupe is less than 1s"}},
		"small store":       {args: []string{"-demo", "-data", "x", "-data-max-bytes", "1000000"}, status: 2, says: []string{"-data-max-bytes is less than 134217728"}},
		"bad order":         {args: []string{"-demo", "-data", "x", "-order", "time"}, status: 2, says: []string{"-order is not"}},
		"no store workers":  {args: []string{"-demo", "-data", "x", "-workers", "0"}, status: 2, says: []string{"-workers is not"}},
		"little memory":     {args: []string{"-demo", "-max-unverified", "1048575"}, status: 2, says: []string{"-max-unverified is less than 1048576"}},
		"keys, no store":    {env: []string{"RAW_KEYS=canary"}, args: []string{"-demo"}, status: 2, says: []string{"RAW_KEYS has no effect without -data or -nats"}},
		"file, no store":    {env: []string{"RAW_KEYS_FILE=canary"}, args: []string{"-demo"}, status: 2, says: []string{"RAW_KEYS_FILE has no effect without -data or -nats"}},
		"user, no servers":  {env: []string{"NATS_CREDS_FILE=canary"}, args: []string{"-demo", "-data", "x"}, status: 2, says: []string{"NATS_CREDS_FILE has no effect without -nats"}},
		"ordered workers":   {args: []string{"-demo", "-data", "x", "-workers", "2", "-order", "lock"}, status: 2, says: []string{"-workers has no effect with -order"}},
		"two replicas":      {args: []string{"-demo", "-nats", "nats://localhost", "-replicas", "2"}, status: 2, says: []string{"-replicas is not"}},
		"replicas, no NATS": {args: []string{"-demo", "-data", "x", "-replicas", "3"}, status: 2, says: []string{"-replicas has no effect"}},
		"size, no store":    {args: []string{"-demo", "-data-max-bytes", "1000000000"}, status: 2, says: []string{"-data-max-bytes has no effect"}},
		"order, no store":   {args: []string{"-demo", "-queue", "1", "-order", "user"}, status: 2, says: []string{"-order has no effect"}},
		"workers, no store": {args: []string{"-demo", "-workers", "2"}, status: 2, says: []string{"-workers has no effect"}},
		"not a NATS URL":    {args: []string{"-demo", "-nats", "nats://localhost,http://ops:canary@localhost"}, status: 2, says: []string{"-nats: URL 2 is not"}},
		"broken NATS URL":   {args: []string{"-demo", "-nats", "nats://ops:canary%zz@localhost"}, status: 2, says: []string{"-nats: URL 1 is not"}},
		"no NATS host":      {args: []string{"-demo", "-nats", "nats://:4222"}, status: 2, says: []string{"-nats: URL 1 is not"}},
		"no NATS credentials": {
			env: []string{"NATS_CREDS_FILE=" + missing}, args: []string{"-demo", "-nats", "nats://localhost"}, status: 2,
			says: []string{"NATS_CREDS_FILE: cannot read the file"},
		},
		"short key":         {env: []string{"RAW_KEYS=" + strings.Repeat("a", 64) + ",canary"}, args: []string{"-demo", "-data", "x"}, status: 2, says: []string{"RAW_KEYS: entry 2 is not 32 bytes"}},
		"not a hex key":     {env: []string{"RAW_KEYS=" + strings.Repeat("canary!!", 8)}, args: []string{"-demo", "-data", "x"}, status: 2, says: []string{"RAW_KEYS: entry 1 is not 32 bytes"}},
		"empty key":         {env: []string{"RAW_KEYS="}, args: []string{"-demo", "-data", "x"}, status: 2, says: []string{"RAW_KEYS: entry 1 is empty"}},
		"NATS is not there": {args: []string{"-demo", "-nats", "nats://ops:canary@" + gatewaytest.Unused(t)}, status: 1, says: []string{"cannot open the store", "no servers available"}},
		"no proxies":        {args: []string{"-demo", "-client-ip", "x-forwarded-for"}, status: 2, says: []string{"-client-ip needs -trust"}},
		"no proxy header":   {args: []string{"-demo", "-trust", "10.0.0.0/8"}, status: 2, says: []string{"-trust has no effect"}},
		"no header":         {args: []string{"-demo", "-trust", "10.0.0.0/8", "-client-ip", ""}, status: 2, says: []string{"-client-ip is empty"}},
		"not a proxy":       {args: []string{"-demo", "-trust", "10.0.0.0/8,proxy", "-client-ip", "forwarded"}, status: 2, says: []string{`"proxy" is neither`, "-trust"}},
		"not a network":     {args: []string{"-demo", "-allow-from", "10.0.0.0/33"}, status: 2, says: []string{"neither", "-allow-from"}},
		"mapped network":    {args: []string{"-demo", "-allow-from", "::ffff:10.0.0.0/104"}, status: 2, says: []string{"is neither"}},
		"address with zone": {args: []string{"-demo", "-allow-from", "fe80::1%eth0"}, status: 2, says: []string{"neither"}},
		"empty network":     {args: []string{"-demo", "-allow-from-report", "10.0.0.1,"}, status: 2, says: []string{"neither", "-allow-from-report"}},
		"empty variable":    {env: []string{"RELOCK_SECRETS="}, status: 2, says: []string{"RELOCK_SECRETS: entry 1 is empty"}},
		"empty entry": {
			env: []string{"LOGINRADIUS_SECRETS=canary-a,,canary-b"}, status: 2,
			says: []string{"LOGINRADIUS_SECRETS: entry 2 is empty"},
		},
		// The comma cuts the secret in two: the first part is too short.
		"comma in a secret": {
			env: []string{"RELOCK_SECRETS=p,canary-rest-of-a-secret-with-a-comma"}, status: 2,
			says: []string{"RELOCK_SECRETS: ", "has fewer than 16 bytes"},
		},
		"short secret in a file": {env: []string{"LOGINRADIUS_SECRETS_FILE=" + short}, status: 2, says: []string{"LOGINRADIUS_SECRETS_FILE: ", "has fewer than 16 bytes"}},
		"comma at the end":       {env: []string{"RELOCK_SECRETS=canary,"}, status: 2, says: []string{"RELOCK_SECRETS: entry 2 is empty"}},
		"white space":            {env: []string{"RELOCK_SECRETS=canary-a, canary-b"}, status: 2, says: []string{"RELOCK_SECRETS: "}},
		"empty in a demo":        {env: []string{"RELOCK_SECRETS="}, args: []string{"-demo"}, status: 2, says: []string{"RELOCK_SECRETS"}},
		"no colon":               {env: []string{"UNLOC_CREDENTIALS=gate:canary,canary"}, status: 2, says: []string{"UNLOC_CREDENTIALS: entry 2 has no colon"}},
		"no password":            {env: []string{"UNLOC_CREDENTIALS=canary:"}, status: 2, says: []string{"UNLOC_CREDENTIALS: ", "Password"}},
		"not a GUID":             {env: []string{"USERLOCK_IDS=canary"}, status: 2, says: []string{"USERLOCK_IDS: "}},
		"half a GUID":            {env: []string{"USERLOCK_IDS=" + gatewaytest.CanaryID[:30]}, status: 2, says: []string{"USERLOCK_IDS: "}},
		"variable and file": {
			env: []string{"RELOCK_SECRETS=canary", "RELOCK_SECRETS_FILE=" + gap}, status: 2,
			says: []string{"RELOCK_SECRETS and RELOCK_SECRETS_FILE are both set"},
		},
		"empty variable and file": {
			env: []string{"RELOCK_SECRETS=", "RELOCK_SECRETS_FILE=" + gap}, status: 2,
			says: []string{"RELOCK_SECRETS and RELOCK_SECRETS_FILE are both set"},
		},
		"no such file":        {env: []string{"USERLOCK_IDS_FILE=" + missing}, status: 2, says: []string{"USERLOCK_IDS_FILE: cannot read the file"}},
		"empty file name":     {env: []string{"USERLOCK_IDS_FILE="}, status: 2, says: []string{"USERLOCK_IDS_FILE: cannot read the file"}},
		"empty file":          {env: []string{"RELOCK_SECRETS_FILE=" + empty}, status: 2, says: []string{"RELOCK_SECRETS_FILE: entry 1 is empty"}},
		"blank line":          {env: []string{"RELOCK_SECRETS_FILE=" + gap}, status: 2, says: []string{"RELOCK_SECRETS_FILE: entry 2 is empty"}},
		"blank line at end":   {env: []string{"RELOCK_SECRETS_FILE=" + blankEnd}, status: 2, says: []string{"RELOCK_SECRETS_FILE: entry 2 is empty"}},
		"white space in file": {env: []string{"RELOCK_SECRETS_FILE=" + padded}, status: 2, says: []string{"RELOCK_SECRETS_FILE: "}},
		"port taken": {
			env: gatewaytest.WithRelock, args: []string{"-addr", taken.Addr().String()}, status: 1,
			says: []string{"cannot listen", "address already in use"},
		},
		"no such address": {
			env: gatewaytest.WithRelock, args: []string{"-addr", "127.0.0.1:http-but-not"}, status: 2,
			says: []string{"-addr: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := gatewaytest.RunToEnd(t, test.env, test.args...)
			assert.Equal(t, test.status, status, "stderr:\n%s", stderr)
			assert.Empty(t, stdout)
			for _, text := range test.says {
				assert.Contains(t, stderr, text)
			}
			gatewaytest.RequireNoSecret(t, stderr)
		})
	}
}

// A start says what is served where, and what is missing.
func TestStartNamesEveryVendor(t *testing.T) {
	p := gatewaytest.Start(t, append([]string{"UNLOC_CREDENTIAL=gate:canary-unloc-password", "GATEWAY_MAXBODY=1"}, gatewaytest.WithRelock...))
	p.Stop()
	log := p.Stderr.String()
	assert.Contains(t, log, "msg=serving vendor=relock url="+p.URL+"/webhooks/relock\n")
	assert.Contains(t, log, `msg="not served" vendor=unloc missing=UNLOC_CREDENTIALS`)
	assert.Contains(t, log, `msg="not served" vendor=userlock missing=USERLOCK_IDS`)
	assert.Contains(t, log, `msg="not served" vendor=loginradius missing=LOGINRADIUS_SECRETS`)
	assert.Contains(t, log, `level=WARN msg="UNLOC_CREDENTIAL is not read: did you mean UNLOC_CREDENTIALS?"`)
	assert.Contains(t, log, `level=WARN msg="GATEWAY_MAXBODY is not read: did you mean GATEWAY_MAX_BODY?"`)
}

func TestCommentInAFileOfSecrets(t *testing.T) {
	file := gatewaytest.WriteFile(t, "# canary rotated 2026-11\ncanary-relock-secret\n")
	status, _, stderr := gatewaytest.RunToEnd(t, []string{"RELOCK_SECRETS_FILE=" + file}, "-addr", "127.0.0.1:0")
	assert.Equal(t, 2, status)
	assert.Contains(t, stderr, "RELOCK_SECRETS_FILE")
	assert.Contains(t, stderr, "#")
	gatewaytest.RequireNoSecret(t, stderr)
}

// What looks as if it was copied wrong is warned of: it starts, and refuses every request.
func TestSecretsThatLookCopiedWrong(t *testing.T) {
	for variable, value := range map[string]string{
		"RELOCK_SECRETS":      `"canary-relock-secret"`,
		"LOGINRADIUS_SECRETS": `'canary-loginradius-secret'`,
		"UNLOC_CREDENTIALS":   "unloc:canary%40password-long",
	} {
		p := gatewaytest.Start(t, []string{variable + "=" + value})
		p.Stop()
		assert.Regexp(t, `level=WARN msg="?`+variable+": entry 1 ", p.Stderr.String())
	}
}

// -check validates everything, and starts nothing.
func TestCheck(t *testing.T) {
	taken := gatewaytest.Start(t, gatewaytest.WithRelock)
	status, stdout, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", strings.TrimPrefix(taken.URL, "http://"), "-check")
	assert.Equal(t, 0, status, "%s", stderr)
	assert.Empty(t, stdout)
	for name, test := range map[string]struct {
		env, args []string
	}{
		"secret":      {env: []string{"RELOCK_SECRETS=canary"}},
		"admin":       {env: append([]string{"ADMIN_CREDENTIALS=canary:"}, gatewaytest.WithRelock...)},
		"certificate": {env: gatewaytest.WithRelock, args: []string{"-tls-cert", "missing", "-tls-key", "missing"}},
		"geoip":       {env: gatewaytest.WithRelock, args: []string{"-geoip", "missing"}},
		"flag":        {env: gatewaytest.WithRelock, args: []string{"-max-body", "-1"}},
		"file":        {env: gatewaytest.WithRelock, args: []string{"-config", gatewaytest.WriteFile(t, "max-body many\n")}},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := gatewaytest.RunToEnd(t, test.env, append(test.args, "-check")...)
			assert.Equal(t, 2, status, "%s", stderr)
			gatewaytest.RequireNoSecret(t, stderr)
		})
	}
}

// -check leaves the file alone that standard output is.
func TestCheckWritesNothing(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteString("a partial line")
	require.NoError(t, err)
	cmd := gatewaytest.Command(t.Context(), gatewaytest.WithRelock, "-check")
	cmd.Stdout = f
	require.NoError(t, cmd.Run())
	text, err := os.ReadFile(f.Name())
	require.NoError(t, err)
	assert.Equal(t, "a partial line", string(text))
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"-help"}, {"-h"}, {"dead", "-help"}, {"dead", "show", "-h"}} {
		status, stdout, stderr := gatewaytest.RunToEnd(t, nil, args...)
		assert.Equal(t, 0, status)
		assert.Contains(t, stdout, "Usage: gateway")
		assert.Empty(t, stderr)
		for line := range strings.Lines(stdout) {
			assert.LessOrEqual(t, utf8.RuneCountInString(line), 81, line)
		}
	}
}

func TestVersion(t *testing.T) {
	status, stdout, _ := gatewaytest.RunToEnd(t, nil, "-version")
	assert.Equal(t, 0, status)
	assert.Regexp(t, `^gateway \S+ go1\.\S+\n$`, stdout)
}

// -geoip fills in the country of a client, where the vendor has sent none. Sinks get it too.
func TestGeoIP(t *testing.T) {
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-Country", IncludeReservedNetworks: true})
	require.NoError(t, err)
	_, network, err := net.ParseCIDR("81.2.69.0/24")
	require.NoError(t, err)
	require.NoError(t, tree.Insert(network, mmdbtype.Map{"country": mmdbtype.Map{
		"iso_code": mmdbtype.String("GB"), "names": mmdbtype.Map{"en": mmdbtype.String("United Kingdom")},
	}}))
	file := filepath.Join(t.TempDir(), "country.mmdb")
	f, err := os.Create(file)
	require.NoError(t, err)
	_, err = tree.WriteTo(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	var sent gatewaytest.Buffer
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(&sent, r.Body) }))
	defer sink.Close()

	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-geoip", file, "-queue", "9", "-forward", sink.URL)
	for _, failed := range []*relock.AuthenticationFailed{
		{UserID: "1", IPAddress: "81.2.69.142"},
		{UserID: "2", IPAddress: "81.2.69.142", Location: relock.Location{Country: "NO"}},
		{UserID: "3", IPAddress: "10.0.0.1"},
	} {
		status, _ := p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", gatewaytest.RelockSecret, failed))
		require.Equal(t, 200, status)
	}
	p.Stop()
	var got []string
	for _, e := range p.Events() {
		got = append(got, e.Location.CountryCode)
	}
	assert.ElementsMatch(t, []string{"GB", "NO", ""}, got)
	assert.Equal(t, 1, strings.Count(sent.String(), `"countryCode":"GB"`), "%s", &sent)
}
