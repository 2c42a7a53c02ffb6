// A real server and the C++ client over a real connection: who is let in, who is refused and with which
// words, and certificates that are replaced meanwhile.
#include <gmock/gmock.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "server/access/server_credentials.h"
#include "sgpsam/client.h"
#include "tests/server/test_server.h"
#include "tests/support/certificates.h"

namespace sgpsam {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(30);  // of a test that waits for files to be noticed

const TestCertificates& Files() {
  static const TestCertificates files;
  return files;
}

ServerConfig Speaking(const TlsFiles& tls) {
  ServerConfig config = TestConfig();
  config.tls = tls;
  return config;
}

// The certificate of this name, with its key.
TlsFiles Shown(const TestCertificates& files, const std::string& name, const std::string& client_ca = "") {
  return {files.Path(name + ".pem"), files.Path(name + ".key"),
          client_ca.empty() ? "" : files.Path(client_ca + ".pem")};
}

client::Tls Trusting(const std::string& ca, const std::string& shown = "") {
  if (shown.empty()) return {.ca = Files().Path(ca + ".pem")};
  return {Files().Path(ca + ".pem"), Files().Path(shown + ".pem"), Files().Path(shown + ".key")};
}

client::Client Connected(const std::string& target, const std::optional<client::Tls>& tls) {
  return *client::Client::Connect(target, {.tls = tls, .max_attempts = 1});
}

std::string AddressOf(TestServer& server, const std::string& host = "localhost") {
  return absl::StrCat(host, ":", server.app().grpc_port());
}

absl::StatusOr<client::SegmentResult> Ask(const client::Client& client) {
  client::RawGrid grid;
  grid.shape = {20, 18, 16};
  grid.spacing_mm = {2, 2, 2};
  client::SegmentRequest request(client::Volume::FromSamples(grid, RampPayload()));
  request.targets = {{.clicks = {{client::Position::Voxel(10, 9, 8)}}}};
  request.format = client::MaskFormat::kRawBits;
  return client.Segment(request);
}

absl::Status Asked(TestServer& server, const std::optional<client::Tls>& tls) {
  return Ask(Connected(AddressOf(server), tls)).status();
}

// Asks over connections of their own until the answer is as wanted.
bool Becomes(const std::function<absl::Status()>& ask, absl::StatusCode wanted) {
  const absl::Time give_up = absl::Now() + kPatience;
  while (absl::Now() < give_up) {
    if (ask().code() == wanted) return true;
  }
  return false;
}

TEST(Tls, AnswersThoseWhoTrustItsAuthority) {
  TestServer server(Speaking(Shown(Files(), "server")));
  const auto result = Ask(Connected(AddressOf(server), Trusting("authority")));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->targets[0].voxels, 0u);
  EXPECT_TRUE(Ask(Connected(AddressOf(server, "127.0.0.1"), Trusting("both"))).ok());
  EXPECT_TRUE(Asked(server, Trusting("authority", "client")).ok()) << "shown to a server that did not ask";
}

TEST(Tls, AnswersThoseWhoShowACertificateOfItsClientAuthority) {
  TestServer server(Speaking(Shown(Files(), "server", "authority")));
  EXPECT_TRUE(Asked(server, Trusting("authority", "client")).ok());
  TestServer both(Speaking(Shown(Files(), "server", "both")));
  EXPECT_TRUE(Asked(both, Trusting("authority", "client")).ok());
  EXPECT_TRUE(Asked(both, Trusting("authority", "strange_client")).ok());
}

TEST(Tls, LeavesTheMetricsPortAsItIs) {
  TestServer server(Speaking(Shown(Files(), "server", "authority")));
  EXPECT_TRUE(server.IsReady());
  EXPECT_EQ(HttpStatus(server.app().http_port(), "/metrics"), 200);
}

struct Refusal {
  std::string name;
  std::string shown, client_ca;                                 // by the server; empty: no TLS
  std::optional<std::pair<std::string, std::string>> trusting;  // the client, and what it shows; none: no TLS
  absl::StatusCode code;
  std::string said;
};

class TlsRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(TlsRefusal, SaysWhatToDoAndHarmsNobodyElse) {
  const Refusal& refusal = GetParam();
  TestServer server(refusal.shown.empty() ? TestConfig()
                                          : Speaking(Shown(Files(), refusal.shown, refusal.client_ca)));
  std::optional<client::Tls> tls;
  if (refusal.trusting) tls = Trusting(refusal.trusting->first, refusal.trusting->second);
  const absl::Status status = Asked(server, tls);
  EXPECT_EQ(status.code(), refusal.code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(refusal.said));
  if (refusal.shown == "server") {
    EXPECT_TRUE(Asked(server, Trusting("authority", "client")).ok()) << "a good request afterwards";
  }
}

constexpr auto kUntrusted = absl::StatusCode::kUnauthenticated;
constexpr auto kClosed = absl::StatusCode::kUnavailable;
using Pair = std::pair<std::string, std::string>;

INSTANTIATE_TEST_SUITE_P(
    All, TlsRefusal,
    ::testing::Values(
        Refusal{"WrongAuthority", "server", "", Pair{"stranger", ""}, kUntrusted,
                "signed by an authority that is trusted here"},
        Refusal{"ServerOfAStranger", "strange_server", "", Pair{"authority", ""}, kUntrusted,
                "signed by an authority that is trusted here"},
        Refusal{"Expired", "expired", "", Pair{"authority", ""}, kUntrusted, "have the certificate renewed"},
        Refusal{"WrongHostName", "elsewhere", "", Pair{"authority", ""}, kUntrusted,
                "the server's certificate is not for the name in localhost:"},
        Refusal{"NoClientCertificate", "server", "authority", Pair{"authority", ""}, kClosed,
                "it may ask its callers for a certificate"},
        Refusal{"ClientCertificateOfAStranger", "server", "authority", Pair{"authority", "strange_client"},
                kClosed, "it may not accept the certificate that was shown"},
        Refusal{"ExpiredClientCertificate", "server", "authority", Pair{"authority", "expired_client"},
                kClosed, "it may not accept the certificate that was shown"},
        Refusal{"PlainClient", "server", "", std::nullopt, kClosed, "it may speak TLS"},
        Refusal{"PlainServer", "", "", Pair{"authority", ""}, kUntrusted, "the server does not speak TLS"}),
    [](const auto& info) { return info.param.name; });

TEST(TlsReload, NewConnectionsGetTheRenewedCertificateAndOpenOnesGoOn) {
  const TestCertificates files = Files();
  TestServer server(Speaking(Shown(files, "server")));
  const client::Client open = Connected(AddressOf(server), Trusting("authority"));
  ASSERT_TRUE(Ask(open).ok());
  files.Replace("server.pem", "strange_server.pem");
  files.Replace("server.key", "strange_server.key");
  EXPECT_TRUE(Becomes([&] { return Asked(server, Trusting("stranger")); }, absl::StatusCode::kOk));
  EXPECT_EQ(Asked(server, Trusting("authority")).code(), kUntrusted);
  EXPECT_TRUE(Ask(open).ok());
}

TEST(TlsReload, NewConnectionsAreJudgedByTheReplacedAuthorityOfClients) {
  const TestCertificates files = Files();
  TestServer server(Speaking(Shown(files, "server", "authority")));
  const auto strange = [&] { return Asked(server, Trusting("authority", "strange_client")); };
  EXPECT_EQ(strange().code(), kClosed);
  files.Replace("authority.pem", "stranger.pem");
  EXPECT_TRUE(Becomes(strange, absl::StatusCode::kOk));
  EXPECT_EQ(Asked(server, Trusting("authority", "client")).code(), kClosed);
}

TEST(TlsReload, ACertificateWithoutItsKeyFailsNewConnectionsUntilTheKeyFollows) {
  const TestCertificates files = Files();
  TestServer server(Speaking(Shown(files, "server")));
  const client::Client open = Connected(AddressOf(server), Trusting("authority"));
  ASSERT_TRUE(Ask(open).ok());
  const auto ask = [&] { return Asked(server, Trusting("authority")); };
  files.Replace("server.pem", "renewed.pem");
  EXPECT_TRUE(Becomes(ask, kClosed));
  EXPECT_TRUE(Ask(open).ok());
  files.Replace("server.key", "renewed.key");
  EXPECT_TRUE(Becomes(ask, absl::StatusCode::kOk));
}

TEST(TlsReload, AuthoritiesThatAreNoneFailNewConnectionsUntilTheyAreMended) {
  const TestCertificates files = Files();
  TestServer server(Speaking(Shown(files, "server", "authority")));
  const auto ask = [&] { return Asked(server, Trusting("authority", "client")); };
  ASSERT_TRUE(ask().ok());
  files.Replace("authority.pem", "text.pem");
  EXPECT_TRUE(Becomes(ask, kClosed));
  files.Replace("authority.pem", "both.pem");
  EXPECT_TRUE(Becomes(ask, absl::StatusCode::kOk));
}

TEST(TlsReload, AClientReadsItsReplacedFilesForTheNextConnection) {
  const TestCertificates files = Files();
  const client::Tls tls{files.Path("authority.pem"), files.Path("client.pem"), files.Path("client.key")};
  TestServer server(Speaking(Shown(Files(), "strange_server", "stranger")));
  const client::Client client = Connected(AddressOf(server), tls);
  EXPECT_EQ(Ask(client).status().code(), kUntrusted);
  files.Replace("authority.pem", "stranger.pem");
  files.Replace("client.pem", "strange_client.pem");
  files.Replace("client.key", "strange_client.key");
  EXPECT_TRUE(Becomes([&] { return Ask(client).status(); }, absl::StatusCode::kOk));
}

TEST(TlsClient, RefusesFilesThatAreNoneOrDoNotBelongTogether) {
  const auto complaint = [](const client::Tls& tls) {
    return client::Client::Connect("localhost:1", {.tls = tls}).status();
  };
  EXPECT_EQ(complaint({.ca = Files().Path("absent.pem")}).code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(complaint({.ca = Files().Path("text.pem")}).ToString(),
              AllOf(HasSubstr("INVALID_ARGUMENT"), HasSubstr("text.pem holds no certificate")));
  client::Tls tls = Trusting("authority", "client");
  tls.key = Files().Path("server.key");
  EXPECT_THAT(complaint(tls).ToString(), HasSubstr("does not belong to the first certificate"));
  tls.key.clear();
  EXPECT_THAT(complaint(tls).ToString(), HasSubstr("given together"));
}

}  // namespace
}  // namespace sgpsam
