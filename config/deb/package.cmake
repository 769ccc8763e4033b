# SPDX-License-Identifier: Apache-2.0
# Where things go when they are installed, and the Debian package: cpack -G DEB.
include(GNUInstallDirs)
set(share share/nonsite-gateway)
set(doc share/doc/nonsite-gateway)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # tests are not installed, so they need not be built for it

install(TARGETS nonsited RUNTIME DESTINATION sbin)
install(TARGETS nonsitectl nonsite-plant nonsite-desk RUNTIME DESTINATION bin)
install(FILES config/findings.json config/site.example.json config/site.schema.json DESTINATION ${share})
install(DIRECTORY config/devices DESTINATION ${share})
install(FILES README.md DESTINATION ${doc})
install(FILES config/README.md DESTINATION ${doc} RENAME configuration.md)
install(FILES config/findings.md config/assets.md config/tools.md DESTINATION ${doc})
install(DIRECTORY config/interface DESTINATION ${doc})
install(DIRECTORY config/training DESTINATION ${share})
install(DIRECTORY systemd/examples DESTINATION ${doc})

# Man pages of any section and completions, wherever the rooms keep them.
file(GLOB pages CONFIGURE_DEPENDS gateway/ctl/man/*.[158] config/man/*.[158])
set(packed ${PROJECT_BINARY_DIR}/packed)
find_program(GZIP gzip)
# gw_packed(<file> <name> <folder>): installs it as gzip has it; packages are the same for the same source.
function(gw_packed file name folder)
    if(GZIP)
        file(MAKE_DIRECTORY ${packed})
        execute_process(COMMAND ${GZIP} -9nc ${file} OUTPUT_FILE ${packed}/${name}.gz COMMAND_ERROR_IS_FATAL ANY)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        install(FILES ${packed}/${name}.gz DESTINATION ${folder})
    endif()
endfunction()
foreach(page IN LISTS pages)
    get_filename_component(name ${page} NAME)
    string(REGEX REPLACE ".*\\." "" section ${name})
    gw_packed(${page} ${name} share/man/man${section})
endforeach()
file(GLOB completions CONFIGURE_DEPENDS gateway/ctl/completion/* config/completion/*)
foreach(file IN LISTS completions)
    get_filename_component(name ${file} NAME_WE)
    install(FILES ${file} DESTINATION share/bash-completion/completions RENAME ${name})
endforeach()

option(GW_SYSTEMD "Install the systemd units, their users, udev rules and the folders of their files" ON)
if(GW_SYSTEMD)
    install(FILES systemd/nonsited.service systemd/nonsite-desk.service DESTINATION /lib/systemd/system)
    install(FILES systemd/60-nonsite-gateway.rules DESTINATION /lib/udev/rules.d)
    install(FILES systemd/nonsite-gateway.sysusers DESTINATION lib/sysusers.d RENAME nonsite-gateway.conf)
    install(FILES systemd/nonsite-gateway.tmpfiles DESTINATION lib/tmpfiles.d RENAME nonsite-gateway.conf)
    foreach(folder IN ITEMS /etc/nonsite-gateway /etc/nonsite-desk)
        install(DIRECTORY DESTINATION ${folder})
        install(DIRECTORY DESTINATION ${folder}/secrets DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
    endforeach()
endif()

# --- the package -----------------------------------------------------------------------------
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME nonsite-gateway)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "nonsite-gateway authors <nonsite-gateway@localhost.localdomain>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "edge gateway for non-site safety monitoring")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Reads the safety instruments of a plant over Modbus and GPIO, never writes to
them, and tells the enforcement platform about missing, failed, bypassed and
unhandled alarms as violation leads: signed, chained, with clause and evidence,
over MQTT.
.
With the daemon nonsited come nonsitectl, which asks it, nonsite-plant, a
simulated plant, and nonsite-desk, a small reference receiver.")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
    set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
endif()
# By hand, since dpkg-shlibdeps sees neither libraries that are loaded when needed nor those of another architecture;
# tests/package/deb.py compares it with what dpkg-shlibdeps does see.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "libc6 (>= 2.36)" "libcjson1 (>= 1.7.15)" "libcurl4 (>= 7.88.1)" "libgpiod2 (>= 1.6.3)"
    "libmicrohttpd12 (>= 0.9.75)" "libmodbus5 (>= 3.1.6)" "libmosquitto1 (>= 2.0.11)"
    "libsqlite3-0 (>= 3.40.1)" "libssl3 (>= 3.0.0)" "zlib1g (>= 1:1.2.13)"
    "passwd" "systemd | systemd-standalone-sysusers" "systemd | systemd-standalone-tmpfiles")
list(JOIN CPACK_DEBIAN_PACKAGE_DEPENDS ", " CPACK_DEBIAN_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "mosquitto, influxdb")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm ${CMAKE_CURRENT_LIST_DIR}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

string(TIMESTAMP day "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(release ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
file(WRITE ${packed}/changelog.Debian.new "nonsite-gateway (${release}) bookworm; urgency=medium

  * What has changed stands in changelog.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${day}
")
gw_packed(${packed}/changelog.Debian.new changelog.Debian ${doc})
gw_packed(${PROJECT_SOURCE_DIR}/CHANGELOG.md changelog ${doc})
install(FILES config/deb/copyright DESTINATION ${doc})
install(FILES config/deb/lintian-overrides DESTINATION share/lintian/overrides RENAME nonsite-gateway)
include(CPack)
