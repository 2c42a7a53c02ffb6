# What nearly every file includes, parsed once instead of 600 times: about two seconds of a processor for each
# file. A file includes what it uses all the same: the tidy preset builds without (CMAKE_DISABLE_PRECOMPILE_HEADERS).
add_compile_options(-pthread)  # some packages bring it along, and GCC takes a precompiled header only where all files have it
set(SGPSAM_COMMON_HEADERS
  <algorithm> <array> <cmath> <cstddef> <cstdint> <cstring> <functional> <map> <memory> <optional> <string> <utility> <vector>
  <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/string_view.h>
  <absl/synchronization/mutex.h> <absl/time/time.h> <absl/types/span.h>)

file(WRITE "${CMAKE_BINARY_DIR}/precompiled.cc" "")
add_library(sgpsam_precompiled OBJECT "${CMAKE_BINARY_DIR}/precompiled.cc")
target_link_libraries(sgpsam_precompiled PRIVATE absl::statusor absl::synchronization Threads::Threads sgpsam_warnings)
target_precompile_headers(sgpsam_precompiled PRIVATE ${SGPSAM_COMMON_HEADERS})
if(SGPSAM_WITH_TESTS)
  add_library(sgpsam_precompiled_tests OBJECT "${CMAKE_BINARY_DIR}/precompiled.cc")
  target_link_libraries(sgpsam_precompiled_tests PRIVATE absl::statusor absl::synchronization GTest::gmock sgpsam_warnings)
  set_target_properties(sgpsam_precompiled_tests PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(sgpsam_precompiled_tests PRIVATE -fPIE)  # as programs are compiled, or GCC refuses it
  target_precompile_headers(sgpsam_precompiled_tests PRIVATE ${SGPSAM_COMMON_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
endif()
