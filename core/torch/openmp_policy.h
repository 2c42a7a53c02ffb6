// Makes OpenMP's threads spin for a tenth of a millisecond and then sleep while they wait, for the programs
// that compute with LibTorch (sgpsam-worker, sgpsam-model). By default they spin for many milliseconds,
// which on cores shared with anybody else slows an encode down tenfold and burns a container's CPU quota;
// sleeping at once costs a wake-up for each of an encode's thousand short loops.
#ifndef SGPSAM_CORE_TORCH_OPENMP_POLICY_H_
#define SGPSAM_CORE_TORCH_OPENMP_POLICY_H_

#include <stdlib.h>
#include <unistd.h>

namespace sgpsam {

// Looks at the other thread before sleeping. Measured on two cores: from 2,000 on, an encode is as fast as
// with endless spinning; up to 5,000, it is as fast as with none when others use the same cores.
inline constexpr char kSpinsBeforeSleep[] = "3000";

// Call first in main, before any thread starts. Starts the program anew with GOMP_SPINCOUNT set, because
// libgomp reads the variable before main; open files stay open. Returns at once if an operator or the first
// pass has chosen a policy, and goes on as it is where the program cannot be found.
inline void SpinBriefly(char** argv) {
  if (getenv("GOMP_SPINCOUNT") != nullptr || getenv("OMP_WAIT_POLICY") != nullptr) return;
  char program[4096];
  const ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
  if (size <= 0) return;
  program[size] = '\0';
  setenv("GOMP_SPINCOUNT", kSpinsBeforeSleep, 1);
  execv(program, argv);
}

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TORCH_OPENMP_POLICY_H_
