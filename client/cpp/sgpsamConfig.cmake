# find_package(sgpsam) -> sgpsam::client. All dependencies are Debian 12's packages.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(ZLIB)
find_dependency(OpenSSL)
find_dependency(absl)
find_dependency(Protobuf)
find_dependency(gRPC CONFIG)
include("${CMAKE_CURRENT_LIST_DIR}/sgpsamTargets.cmake")
