// Starts a worker (argv[1]), leaves it computing forever, prints its process id and dies by SIGKILL.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <thread>
#include <vector>

#include "core/worker_link/remote_engine.h"

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  sgpsam::RemoteEngineOptions options;
  options.worker_binary = argv[1];
  auto engine = sgpsam::RemoteEngine::Start(options);
  if (!engine.ok()) return 2;
  const auto floats = static_cast<size_t>((*engine)->info().sizes.patch_floats());
  std::thread([&] {
    const sgpsam::Patch hang = {std::vector<float>(floats, -2)};
    (*engine)->Encode({&hang});
  }).detach();
  std::printf("%d\n", (*engine)->worker_pid());
  std::fflush(stdout);
  usleep(200 * 1000);  // let the worker begin
  raise(SIGKILL);
}
