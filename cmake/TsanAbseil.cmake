# Makes Abseil's locks visible to the thread sanitizer (tests/support/tsan_abseil.cc says why). Whoever
# links absl::synchronization gets the wrappers; nothing happens in other builds.
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  add_library(sgpsam_tsan_abseil STATIC "${CMAKE_CURRENT_LIST_DIR}/../tests/support/tsan_abseil.cc")
  target_include_directories(sgpsam_tsan_abseil PRIVATE "$<TARGET_PROPERTY:absl::synchronization,INTERFACE_INCLUDE_DIRECTORIES>")
  set_property(TARGET absl::synchronization APPEND PROPERTY INTERFACE_LINK_LIBRARIES sgpsam_tsan_abseil)
  foreach(function
      5Mutex4LockEv 5Mutex6UnlockEv 5Mutex5AwaitERKNS0_9ConditionE
      7CondVar4WaitEPNS0_5MutexE 7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE
      7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE 12Notification6NotifyEv)
    set_property(TARGET absl::synchronization APPEND PROPERTY
      INTERFACE_LINK_OPTIONS "-Wl,--wrap=_ZN4absl7debian3${function}")
  endforeach()
  set_property(TARGET absl::synchronization APPEND PROPERTY
    INTERFACE_LINK_OPTIONS "-Wl,--wrap=_ZNK4absl7debian312Notification19WaitForNotificationEv")
endif()
