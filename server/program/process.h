// What sgpsam-server and sgpsam-worker ask of the system for their whole life. For main, before any thread
// starts.
#ifndef SGPSAM_SERVER_PROGRAM_PROCESS_H_
#define SGPSAM_SERVER_PROGRAM_PROCESS_H_

#include "absl/strings/string_view.h"

namespace sgpsam {

// The process's memory holds patients: no core file is written and no core handler is started when it
// crashes, and only root may attach a debugger. Holds for this program, not for those that it starts.
void KeepMemoryOutOfCoreDumps();

// As many open descriptors as the system allows without asking (the soft limit becomes the hard one): one
// connection each.
void RaiseDescriptorLimit();

// Removes the variables whose name begins so: what a library would read from the environment and nobody here
// has decided.
void UnsetEnvironment(absl::string_view prefix);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_PROGRAM_PROCESS_H_
