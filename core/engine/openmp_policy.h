// Makes OpenMP's threads sleep while they wait, for the programs that compute with LibTorch
// (sgpsam-worker, sgpsam-model). By default they spin, which on cores shared with anybody else slows an
// encode down tenfold and burns a container's CPU quota; on idle cores sleeping costs about nothing.
#ifndef SGPSAM_CORE_ENGINE_OPENMP_POLICY_H_
#define SGPSAM_CORE_ENGINE_OPENMP_POLICY_H_

#include <stdlib.h>
#include <unistd.h>

namespace sgpsam {

// Call first in main, before any thread starts. Starts the program anew with OMP_WAIT_POLICY=PASSIVE,
// because libgomp reads the variable before main; open files stay open. Returns at once if the variable
// is set, by an operator or by the first pass, and goes on as it is where the program cannot be found.
inline void WaitPassively(char** argv) {
  if (getenv("OMP_WAIT_POLICY") != nullptr) return;
  char program[4096];
  const ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
  if (size <= 0) return;
  program[size] = '\0';
  setenv("OMP_WAIT_POLICY", "PASSIVE", 1);
  execv(program, argv);
}

}  // namespace sgpsam

#endif  // SGPSAM_CORE_ENGINE_OPENMP_POLICY_H_
