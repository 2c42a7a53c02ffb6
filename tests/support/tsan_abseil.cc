// Tells the thread sanitizer what Abseil's Mutex, CondVar and Notification order. Debian's Abseil is built
// without the sanitizer, which therefore sees neither the locking nor why it helps, and would report every
// guarded variable. The linker sends our calls through these wrappers (cmake/TsanAbseil.cmake).
// Linked into builds with -fsanitize=thread only.
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

using absl::Condition;
using absl::CondVar;
using absl::Duration;
using absl::Mutex;
using absl::Notification;
using absl::Time;

extern "C" {

// The sanitizer's own; its header does not declare them.
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);

// What the linker calls the functions that are wrapped.
void __real__ZN4absl7debian35Mutex4LockEv(Mutex*);
void __real__ZN4absl7debian35Mutex6UnlockEv(Mutex*);
void __real__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE(Mutex*, const Condition&);
void __real__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(CondVar*, Mutex*);
bool __real__ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE(CondVar*, Mutex*, Duration);
bool __real__ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE(CondVar*, Mutex*, Time);
void __real__ZN4absl7debian312Notification6NotifyEv(Notification*);
void __real__ZNK4absl7debian312Notification19WaitForNotificationEv(const Notification*);
}

namespace {

// While the library runs: an Unlock evaluates other threads' conditions, which it orders in ways that the
// sanitizer cannot see.
class IgnoreReads {
 public:
  IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

// Gives the mutex up for the duration of `wait`.
template <typename Wait>
auto Released(Mutex* mutex, const Wait& wait) {
  __tsan_release(mutex);
  struct Acquire {
    ~Acquire() { __tsan_acquire(mutex); }
    Mutex* mutex;
  } acquire{mutex};
  const IgnoreReads ignore;
  return wait();
}

}  // namespace

extern "C" {

void __wrap__ZN4absl7debian35Mutex4LockEv(Mutex* mutex) {
  __real__ZN4absl7debian35Mutex4LockEv(mutex);
  __tsan_acquire(mutex);
}

void __wrap__ZN4absl7debian35Mutex6UnlockEv(Mutex* mutex) {
  __tsan_release(mutex);
  const IgnoreReads ignore;
  __real__ZN4absl7debian35Mutex6UnlockEv(mutex);
}

void __wrap__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE(Mutex* mutex, const Condition& condition) {
  Released(mutex, [&] { __real__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE(mutex, condition); });
}

void __wrap__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(CondVar* condition, Mutex* mutex) {
  Released(mutex, [&] { __real__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(condition, mutex); });
}

bool __wrap__ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE(CondVar* condition,
                                                                                 Mutex* mutex,
                                                                                 Duration timeout) {
  return Released(mutex, [&] {
    return __real__ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE(condition, mutex,
                                                                                       timeout);
  });
}

bool __wrap__ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE(CondVar* condition,
                                                                              Mutex* mutex, Time deadline) {
  return Released(mutex, [&] {
    return __real__ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE(condition, mutex,
                                                                                    deadline);
  });
}

void __wrap__ZN4absl7debian312Notification6NotifyEv(Notification* notification) {
  __tsan_release(notification);
  __real__ZN4absl7debian312Notification6NotifyEv(notification);
}

void __wrap__ZNK4absl7debian312Notification19WaitForNotificationEv(const Notification* notification) {
  __real__ZNK4absl7debian312Notification19WaitForNotificationEv(notification);
  __tsan_acquire(const_cast<Notification*>(notification));
}

}  // extern "C"
