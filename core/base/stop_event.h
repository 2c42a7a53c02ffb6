// Tells those who wait in poll that they need not wait any longer. Set once, by any thread or signal handler;
// its descriptor is readable from then on. Outlives everybody who was given it.
#ifndef SGPSAM_CORE_BASE_STOP_EVENT_H_
#define SGPSAM_CORE_BASE_STOP_EVENT_H_

namespace sgpsam {

class StopEvent {
 public:
  StopEvent();
  ~StopEvent();
  StopEvent(const StopEvent&) = delete;
  StopEvent& operator=(const StopEvent&) = delete;

  void Set();
  bool IsSet() const;
  int fd() const { return fd_; }  // for POLLIN; not to be read from

 private:
  const int fd_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_STOP_EVENT_H_
