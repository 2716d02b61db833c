#!/usr/bin/env bash
# Jetty: files of three web applications behind security constraints, with Basic, with Digest, and with a login form. Needs a Java runtime.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
rm -rf base && mkdir -p base/webapps base/etc
cat > base/etc/realm.properties <<'CONF'
alice: lab-Password-1,reader
bob: lab-Password-2,other
colon: lab:Password:3,reader
CONF
application() {
  local folder=base/webapps/$1
  mkdir -p "$folder/WEB-INF"
  cat > "$folder/WEB-INF/web.xml" <<CONF
<web-app xmlns="http://xmlns.jcp.org/xml/ns/javaee" version="3.1">
  <security-constraint>
    <web-resource-collection><web-resource-name>all</web-resource-name><url-pattern>/*</url-pattern></web-resource-collection>
    <auth-constraint><role-name>reader</role-name></auth-constraint>
  </security-constraint>
  <login-config><auth-method>$2</auth-method><realm-name>lab realm</realm-name>$4</login-config>
  <security-role><role-name>reader</role-name></security-role>
</web-app>
CONF
  echo "{\"area\":\"$1\",\"order\":\"$3\"}" > "$folder/order.json"
  echo "{\"notes\":[\"5be10c92aa\",\"$1\"]}" > "$folder/notes.json"
  # the realm, as the page on authentication of its documentation sets it
  cat > "base/webapps/$1.xml" <<CONF
<?xml version="1.0"?>
<!DOCTYPE Configure PUBLIC "-//Jetty//Configure//EN" "https://www.eclipse.org/jetty/configure_9_3.dtd">
<Configure class="org.eclipse.jetty.webapp.WebAppContext">
  <Set name="contextPath">/$1</Set>
  <Set name="war">$WORK/$folder</Set>
  <Get name="securityHandler">
    <Set name="loginService">
      <New class="org.eclipse.jetty.security.HashLoginService">
        <Set name="name">lab realm</Set>
        <Set name="config">$WORK/base/etc/realm.properties</Set>
      </New>
    </Set>
  </Get>
</Configure>
CONF
}
application basic BASIC c41f7a90d2 ""
application digest DIGEST a77be019c3 ""
application form FORM 9d03e6b1f7 "<form-login-config><form-login-page>/login.html</form-login-page><form-error-page>/failed.html</form-error-page></form-login-config>"
echo '<form action="j_security_check" method="post"><input name="j_username"><input name="j_password" type="password"></form>' > base/webapps/form/login.html
echo '<p>The login failed.</p>' > base/webapps/form/failed.html
# its home with its own links, which the package has for a system where it is installed
rm -rf home && mkdir home && cp -rs "$DEBIAN_ROOT/usr/share/jetty9/modules" home/ && cp -r "$DEBIAN_ROOT/etc/jetty9" home/etc
ln -s "$DEBIAN_ROOT/usr/share/jetty9/lib" home/lib
java=$DEBIAN_ROOT/usr/share/java
exec java -Xmx256m -Djava.io.tmpdir="$WORK/base" -cp "$java/jetty9-start.jar:$java/jetty9-util.jar" org.eclipse.jetty.start.Main \
  jetty.home="$WORK/home" jetty.base="$WORK/base" jetty.http.host=127.0.0.1 jetty.http.port="$PORT" --module=http,deploy,webapp,security
