# What makes a fault in a parser harder to use, in every binary of the project: canaries on stacks, checked
# copies, no writable jump tables. tests/deploy/hardening_test.py reads it back from the ELF files.
include(CheckPIESupported)
check_pie_supported()
add_compile_options(-fstack-protector-strong)
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")  # they check more, by other means
  add_compile_options("$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")  # needs an optimised build
endif()
add_link_options(-Wl,-z,relro,-z,now)
