// A worker program whose engine is a FakeEngine: everything about the link is real, and it can be told
// to misbehave. Before the hello by --startup=MODE; later by the first value of a patch:
//   -1 dies by signal 9        -2 hangs                    -3 refuses the item (INVALID_ARGUMENT)
//   -4 loses its replica       -5 answers another question -6 refuses, naming its open descriptors
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/worker_link/link_message.h"
#include "core/worker_link/link_socket.h"
#include "core/worker_link/serve_engine.h"
#include "tests/support/fake_engine.h"

namespace sgpsam {
namespace {

// "3=socket 4=/memfd": all but the standard streams.
std::string OpenDescriptors() {
  std::string list;
  for (int fd = 3; fd < 256; ++fd) {
    char target[64];
    const ssize_t size = readlink(absl::StrCat("/proc/self/fd/", fd).c_str(), target, sizeof(target));
    if (size < 0) continue;
    const absl::string_view name(target, static_cast<size_t>(size));
    absl::StrAppend(&list, fd, "=", name.substr(0, name.find(':')), " ");
  }
  return list;
}

// True the first time that any process asks with this path; without a path, always.
bool FirstTime(const std::string& marker) {
  if (marker.empty()) return true;
  if (std::filesystem::exists(marker)) return false;
  std::ofstream(marker) << "done";
  return true;
}

absl::Status Misbehave(float command, int socket, const std::string& once) {
  if (command == -1 && FirstTime(once)) raise(SIGKILL);
  if (command == -2) pause();
  if (command == -3) return absl::InvalidArgumentError("this patch is refused");
  if (command == -4 && FirstTime(once)) return absl::UnavailableError("the device is lost");
  if (command == -5) {
    SendLinkMessage(socket, MakeCommand(MessageType::kDone, 999, 1)).IgnoreError();
  }
  if (command == -6) return absl::InvalidArgumentError(OpenDescriptors());
  return absl::OkStatus();
}

void StartUp(const std::string& mode, int socket) {
  if (mode == "error") {
    ReportStartupError(socket, absl::DataLossError("tensor 'a.b' is missing from W.safetensors"));
    std::exit(1);
  }
  if (mode == "exit") std::exit(3);
  if (mode == "hang") pause();
  LinkMessage strange = *MakeHello(FakeEngine::TinyModel());
  if (mode == "version") ++strange.version;
  if (mode == "garbage") strange.body_bytes = 7;
  if (mode == "huge") strange.body_bytes = 1u << 30;
  if (mode != "") SendLinkMessage(socket, strange).IgnoreError();
}

int Main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i < argc; ++i) options.insert(absl::StrSplit(argv[i], absl::MaxSplits('=', 1)));
  const int socket = std::stoi(options["--fd"]);
  EndWithServer(socket);
  StartUp(options["--startup"], socket);

  ModelInfo info = options["--size"] == "full" ? FakeEngine::FullSizeModel() : FakeEngine::TinyModel();
  const std::string once = options["--once"];
  if (options["--then"] == "other_model" && std::filesystem::exists(once)) info.weights_digest.bytes.fill(1);
  FakeEngine engine(info, {.encode = [&](absl::Span<const Patch* const> patches) {
                      for (const Patch* patch : patches) {
                        const absl::Status status = Misbehave(patch->values[0], socket, once);
                        if (!status.ok()) return status;
                      }
                      return absl::OkStatus();
                    }});
  return ServeEngine(socket, engine).ok() ? 0 : 2;
}

}  // namespace
}  // namespace sgpsam

int main(int argc, char** argv) { return sgpsam::Main(argc, argv); }
