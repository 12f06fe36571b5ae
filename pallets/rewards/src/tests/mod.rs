mod claim;
mod contribution;
mod offers;
mod random_operations;
mod vouchers;
