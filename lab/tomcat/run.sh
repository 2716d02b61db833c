#!/usr/bin/env bash
# Tomcat: files of two web applications behind security constraints, with Basic and with Digest. Needs a Java runtime.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
rm -rf base && mkdir -p base/{conf,logs,temp,work} base/webapps/{basic,digest}/WEB-INF
cat > base/conf/server.xml <<CONF
<Server port="-1">
  <Service name="Catalina">
    <Connector address="127.0.0.1" port="$PORT" protocol="HTTP/1.1" />
    <Engine name="Catalina" defaultHost="localhost">
      <!-- without the usual LockOutRealm, which locks alice for five minutes after five wrong passwords -->
      <Realm className="org.apache.catalina.realm.MemoryRealm" />
      <Host name="localhost" appBase="webapps" autoDeploy="false" />
    </Engine>
  </Service>
</Server>
CONF
cat > base/conf/tomcat-users.xml <<'CONF'
<tomcat-users><user username="alice" password="lab-Password-1" roles="reader" /></tomcat-users>
CONF
cat > base/conf/web.xml <<'CONF'
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
  <servlet>
    <servlet-name>default</servlet-name>
    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>
  </servlet>
  <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
  <mime-mapping><extension>json</extension><mime-type>application/json</mime-type></mime-mapping>
</web-app>
CONF
application() {
  cat > "base/webapps/$1/WEB-INF/web.xml" <<CONF
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
  <security-constraint>
    <web-resource-collection><web-resource-name>all</web-resource-name><url-pattern>/*</url-pattern></web-resource-collection>
    <auth-constraint><role-name>reader</role-name></auth-constraint>
  </security-constraint>
  <login-config><auth-method>$2</auth-method><realm-name>lab realm</realm-name></login-config>
  <security-role><role-name>reader</role-name></security-role>
</web-app>
CONF
  echo "{\"area\":\"$1\",\"order\":\"$3\"}" > "base/webapps/$1/order.json"
}
application basic BASIC c41f7a90d2
application digest DIGEST a77be019c3
export CATALINA_HOME=$DEBIAN_ROOT/usr/share/tomcat10 CATALINA_BASE=$WORK/base CATALINA_TMPDIR=$WORK/base/temp
exec java -Xmx256m -cp "$CATALINA_HOME/bin/bootstrap.jar:$CATALINA_HOME/bin/tomcat-juli.jar" \
  -Dcatalina.home="$CATALINA_HOME" -Dcatalina.base="$CATALINA_BASE" -Djava.io.tmpdir="$CATALINA_TMPDIR" \
  org.apache.catalina.startup.Bootstrap start
