// Run once by the container's first start: the roles of roles.json, and a user for each.
const roles = JSON.parse(require("fs").readFileSync("/docker-entrypoint-initdb.d/roles.json", "utf8"));
const audit = db.getSiblingDB("tradeflow");
for (const role of roles) {
  audit.runCommand(role);
  audit.createUser({
    user: role.createRole,
    pwd: process.env[role.createRole.toUpperCase() + "_PASSWORD"],
    roles: [role.createRole],
  });
}
